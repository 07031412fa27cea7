/** The whole collector over hours, spills and kills: what it is asked about all hosts at once, no sample missing, none twice. */
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Collector } from "../../../collector/pipeline.js";
import type { Archive } from "../../../core/model/archive.js";
import { bucketsOfRow } from "../../../core/model/bucket-table.js";
import { MemoryArchive } from "../../../storage/memory/memory-archive.js";
import { MemoryLogFiles } from "../../support/memory-log-files.js";
import { SeededRandom } from "../../support/seeded-random.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { type Cell, directoryOf, makeCollector, makeFrame, meta } from "../support.js";

const S = 1_000;
const START_MS = 1_700_000_000_000 - (1_700_000_000_000 % 3_600_000);
const HOSTS = ["a", "b", "c d", "e/f"];
const STEP_MS = 60 * S;
const alive = new AbortController().signal;

test.each([1, 2, 3])("three hours with two kills (seed %i)", async (seed) => {
  const random = new SeededRandom(seed);
  const clock = new VirtualClock(START_MS);
  const archive = new MemoryArchive();
  let files = new MemoryLogFiles();
  let life = 0;
  const start = async (): Promise<Collector> => {
    const own = ++life;
    /** A collector that was killed archives no more. */
    const mine: Archive = {
      traits: archive.traits,
      append: async (batches) => {
        if (own === life) await archive.append(batches);
        else throw new Error("killed");
      },
      read: (query) => archive.read(query),
      readMany: (query) => archive.readMany(query),
      bucketMany: (query) => archive.bucketMany(query),
      coverage: () => archive.coverage(),
      close: () => archive.close(),
    };
    const collector = makeCollector({ clock, files, archive: mine, config: { window: "30m", "spill-every": "10m" } });
    await collector.start();
    return collector;
  };
  let collector = await start();
  /** By host: every sample that was taken. */
  const taken = new Map<string, [timeMs: number, value: number][]>(HOSTS.map((host) => [host, []]));
  const killedAt = [20 + random.below(300), 400 + random.below(300)];
  for (let poll = 0; poll < 720; poll++) {
    await clock.advance(15 * S);
    // The spill works in turns of the loop.
    if (poll % 4 === 0) for (let i = 0; i < 4; i++) await turn();
    if (killedAt.includes(poll)) {
      files = files.afterKill();
      collector = await start();
    }
    const directory = directoryOf(collector);
    const cells: Cell[] = [];
    for (const host of HOSTS) {
      if (random.chance(0.5)) continue;
      const timeMs = clock.nowMs() - random.below(12) * S;
      const value = random.below(1_000) / 8;
      const samples = taken.get(host) ?? [];
      if (timeMs <= (samples.at(-1)?.[0] ?? 0) + S) continue;
      samples.push([timeMs, value]);
      cells.push([host, "m", value, timeMs]);
    }
    for (const host of HOSTS) directory.describeMetric(directory.row(host), directory.column("m", "number"), meta("m"));
    collector.accept(makeFrame(directory, { timeMs: clock.nowMs(), cells }));
  }
  expect(await archive.coverage()).toBeDefined();
  for (const [fromMs, toMs] of [
    [START_MS, clock.nowMs() + 1],
    [clock.nowMs() - 3_600 * S, clock.nowMs() + 1],
    [clock.nowMs() - 600 * S, clock.nowMs() - 300 * S],
    [START_MS, START_MS + 600 * S],
  ] as const) {
    const names = { cluster: "c", metric: "m" };
    const samples = await collector.samplesOfMany(names, { fromMs, toMs }, alive);
    const { names: hosts, table } = await collector.bucketsOfMany(names, { fromMs, toMs, stepMs: STEP_MS }, alive);
    const { startMs, steps } = table;
    expect([...hosts].sort()).toEqual([...HOSTS].sort());
    for (const [row, host] of hosts.entries()) {
      const all = taken.get(host) ?? [];
      const series = samples.get(host);
      const inRange = all.filter(([timeMs]) => timeMs >= fromMs && timeMs < toMs);
      expect([...(series?.timesMs ?? [])]).toEqual(inRange.map(([timeMs]) => timeMs));
      expect(series?.kind === "number" && [...series.values]).toEqual(inRange.map(([, value]) => value));
      const { avg } = bucketsOfRow(table, row);
      const expected = Array.from({ length: steps }, (_, step) => {
        const of = all.filter(([timeMs]) => Math.floor((timeMs - startMs) / STEP_MS) === step);
        return of.reduce((sum, [, value]) => sum + value, 0) / of.length;
      });
      expect([...avg]).toEqual(expected);
    }
  }
  await collector.stop();
});
