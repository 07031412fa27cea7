/**
 * One question, answered out of all there is: the window, SQLite, RRD files and a real VictoriaMetrics. Each holds a part
 * of four hours, with ten minutes of overlap, so a gap or a double at any seam shows.
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collectorSchema } from "../../../collector/config.js";
import { Collector } from "../../../collector/pipeline.js";
import { type Clock, systemClock } from "../../../core/base/clock.js";
import { silentLogger } from "../../../core/base/log.js";
import type { SeriesBatch } from "../../../core/model/archive.js";
import { storageSchema } from "../../../storage/config.js";
import { openStorage, type Storage } from "../../../storage/open.js";
import { delivered, openRemote, remoteConfig } from "../../storage/remote/support/remote.js";
import { missing, type Server, startVictoriaMetrics } from "../../storage/remote/support/servers.js";
import { compile } from "../../storage/support/compiled.js";
import { temporaryDirectory } from "../../storage/support/temporary.js";
import { MemoryLogFiles } from "../../support/memory-log-files.js";
import { makeFrame } from "../support.js";

/** A whole step of the RRD files, 2023-11-14. */
const START_MS = 1_700_000_100_000;
const STEP_MS = 15_000;
const MINUTE_MS = 60_000;
const KEY = { cluster: "khab", host: "n1", metric: "load_one" };
const LAST_MINUTE = 240;

const valueAt = (timeMs: number) => ((timeMs - START_MS) / STEP_MS) % 97;
const timesOf = (fromMinute: number, toMinute: number) =>
  Array.from({ length: (toMinute - fromMinute) * 4 }, (_, i) => START_MS + fromMinute * MINUTE_MS + i * STEP_MS);

function batch(fromMinute: number, toMinute: number): SeriesBatch {
  const timesMs = Float64Array.from(timesOf(fromMinute, toMinute));
  return { key: KEY, type: "double", units: "", series: { kind: "number", timesMs, values: timesMs.map(valueAt) } };
}

const noVictoriaMetrics = missing("victoria-metrics");
describe.skipIf(noVictoriaMetrics !== undefined)(
  `a metric over window, SQLite, RRD files and VictoriaMetrics${noVictoriaMetrics === undefined ? "" : ` (${noVictoriaMetrics})`}`,
  () => {
    const compiled = compile("storage/worker.ts");
    const directory = temporaryDirectory();
    const rrds = join(directory.path, "rrds");
    let server: Server;
    let storage: Storage;
    let collector: Collector;
    let nowMs = START_MS;

    const open = (name: string, config: object) =>
      openStorage({
        stateDir: join(directory.path, name),
        config: storageSchema.parse(config),
        logger: silentLogger,
        clock: systemClock,
        workerUrl: compiled.url("storage/worker.ts"),
      });

    beforeAll(async () => {
      server = await startVictoriaMetrics(join(directory.path, "vm"));
      const remote = { write: `${server.url}/api/v1/write`, query: server.url };
      const sender = openRemote(join(directory.path, "sender"), remoteConfig(remote));
      await sender.append([batch(0, 70)]);
      await delivered(sender);
      await sender.close();
      await fetch(`${server.url}/internal/force_flush`);

      const gmetads = await open("gmetads", { sqlite: {}, rrd: { dir: rrds } });
      await gmetads.archive.append([batch(60, 130)]);
      await gmetads.close();

      storage = await open("ours", {
        sqlite: {},
        rrd: { dir: rrds, mode: "read" },
        remote: { ...remote, since: "2023-11-14" },
      });
      await storage.archive.append([batch(120, 190)]);
      const clock: Clock = { ...systemClock, nowMs: () => nowMs };
      collector = new Collector({
        config: collectorSchema.parse({}),
        instance: "all",
        clock,
        logger: silentLogger,
        files: new MemoryLogFiles(),
        archive: storage.archive,
      });
      await collector.start();
      const clusterDirectory = collector.directory(KEY.cluster);
      if (clusterDirectory === undefined) throw new Error("BUG: the cluster is refused");
      for (const timeMs of timesOf(180, LAST_MINUTE)) {
        nowMs = timeMs;
        const cells: [string, string, number, number][] = [[KEY.host, KEY.metric, valueAt(timeMs), timeMs]];
        collector.accept(makeFrame(clusterDirectory, { timeMs, cells }));
      }
    }, 60_000);

    afterAll(async () => {
      await collector?.stop();
      await storage?.close();
      await server?.stop();
      compiled.remove();
      directory.remove();
    });

    test.each([
      ["all of it", 0, LAST_MINUTE],
      ["from VictoriaMetrics into RRD", 50, 100],
      ["within their overlap", 62, 68],
      ["from RRD into SQLite", 100, 150],
      ["from SQLite into the window", 150, 220],
      ["but for the newest", 10, 185],
    ])("%s: each sample once, none missing", async (_name, fromMinute, toMinute) => {
      const range = { fromMs: START_MS + fromMinute * MINUTE_MS, toMs: START_MS + toMinute * MINUTE_MS };
      const answer = await collector.history({ key: KEY, ...range });
      expect(answer?.kind).toBe("number");
      if (answer?.kind !== "number") return;
      const times = timesOf(fromMinute, toMinute);
      expect([...answer.timesMs]).toEqual(times);
      for (const [i, timeMs] of times.entries()) expect(answer.values[i]).toBeCloseTo(valueAt(timeMs), 9);
    });

    test("in steps of ten minutes: mean, least and greatest of every step", async () => {
      const stepMs = 10 * MINUTE_MS;
      const answer = await collector.history({ key: KEY, fromMs: START_MS, toMs: START_MS + 24 * stepMs, stepMs });
      if (answer?.kind !== "buckets") throw new Error(`expected buckets, got ${answer?.kind}`);
      const times = timesOf(0, LAST_MINUTE);
      let looked = 0;
      for (const [i, average] of answer.avg.entries()) {
        const startMs = answer.startMs + i * stepMs;
        const values = times.filter((timeMs) => timeMs >= startMs && timeMs < startMs + stepMs).map(valueAt);
        if (values.length === 0) continue;
        looked++;
        expect(average, `from ${startMs}`).toBeCloseTo(values.reduce((sum, value) => sum + value) / values.length, 6);
        expect([answer.min[i], answer.max[i]]).toEqual([
          expect.closeTo(Math.min(...values), 9),
          expect.closeTo(Math.max(...values), 9),
        ]);
      }
      expect(looked).toBeGreaterThanOrEqual(24);
    });
  },
);
