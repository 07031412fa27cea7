/** Written to a real Prometheus and read back; and to a real VictoriaMetrics that is away for a while. */
import { afterAll, describe, expect, test } from "vitest";
import type { SeriesBatch } from "../../../core/model/archive.js";
import type { Series } from "../../../core/model/series.js";
import type { RemoteArchive } from "../../../storage/remote/remote-archive.js";
import { temporaryDirectory } from "../support/temporary.js";
import { delivered, openRemote, remoteConfig } from "./support/remote.js";
import { missing, type Server, startPrometheus, startVictoriaMetrics } from "./support/servers.js";

/** Prometheus takes only what is of today, in its own sense: within an hour of the newest. */
const START_MS = 1_700_000_000_000;
const KEYS = ["load_one", "disk/part max", "é"].flatMap((metric) =>
  ["n1", 'n"2\\', "узел"].map((host) => ({ cluster: "<khab>", host, metric })),
);
const VALUES = [0.1, 97.3, 123456.789, 0, 3, 3, 1e-3, 42];

function batches(from: number, count: number): SeriesBatch[] {
  return KEYS.map((key, k) => {
    const timesMs = Float64Array.from({ length: count }, (_, i) => START_MS + k + (from + i) * 15_000);
    const values = timesMs.map((_, i) => k + (VALUES[(from + i) % VALUES.length] as number));
    return { key, type: "double", units: "", series: { kind: "number", timesMs, values } };
  });
}

const whole = { fromMs: START_MS - 3_600_000, toMs: START_MS + 3_600_000 };
const pairsOf = (series: Series | undefined) =>
  series?.kind === "number" ? [...series.timesMs].map((timeMs, i) => [timeMs, series.values[i]]) : series;

/** A sample every 15 s, the first at second `from`. */
function load(host: string, from: number, count: number, tmaxS?: number): SeriesBatch {
  const timesMs = Float64Array.from({ length: count }, (_, i) => START_MS + from * 1_000 + i * 15_000);
  const series = { kind: "number" as const, timesMs, values: timesMs.map(() => 1) };
  return { key: { cluster: "khab", host, metric: "load_ends" }, type: "double", units: "", tmaxS, series };
}

/**
 * Host "gone" sends until second 150 and then no more, "quiet" likewise, but nobody knows its TMAX; "back" is away
 * from second 150 to 600, and ends at 660.
 * @returns hosts that the server shows at a second
 */
async function tellEnds(server: Server, archive: RemoteArchive): Promise<(second: number) => Promise<string[]>> {
  const spill = async (...batches: SeriesBatch[]) => {
    await archive.append(batches);
    await archive.endSpill();
    await delivered(archive);
  };
  await spill(load("gone", 0, 11, 20), load("back", 0, 11, 20), load("quiet", 0, 11), load("here", 0, 11, 20));
  await spill(load("here", 165, 20, 20));
  await spill(load("here", 465, 20, 20), load("back", 600, 5, 20));
  return async (second) => {
    const parameters = new URLSearchParams({ query: "ganglia_load_ends", time: String(START_MS / 1_000 + second) });
    const answer = await fetch(`${server.url}/api/v1/query?${parameters}`);
    const { data } = (await answer.json()) as { data: { result: { metric: { host: string } }[] } };
    return data.result.map(({ metric }) => metric.host).sort();
  };
}

const ENDS: [second: number, hosts: string[]][] = [
  [150, ["back", "gone", "here", "quiet"]],
  [229, ["back", "gone", "here", "quiet"]],
  // Four times 20 s behind its last sample. Without a marker it is shown for five minutes.
  [231, ["here", "quiet"]],
  [440, ["here", "quiet"]],
  [610, ["back", "here"]],
  [745, ["here"]],
];

const servers: Server[] = [];
const directories: { remove(): void }[] = [];
afterAll(async () => {
  for (const server of servers) await server.stop();
  for (const directory of directories) directory.remove();
});

function directory(): string {
  const made = temporaryDirectory();
  directories.push(made);
  return made.path;
}

const noPrometheus = missing("prometheus");
describe.skipIf(noPrometheus !== undefined)(
  `Prometheus${noPrometheus === undefined ? "" : ` (${noPrometheus})`}`,
  () => {
    test("every series comes back bit for bit, each sample once; what is given again after a lost queue is refused and told", async () => {
      const server = await startPrometheus(directory());
      servers.push(server);
      const config = remoteConfig({
        write: `${server.url}/api/v1/write`,
        query: server.url,
        labels: { site: "north" },
        "samples-per-request": 25,
      });
      const archive = openRemote(directory(), config);
      await archive.append(batches(0, 40));
      await archive.append(batches(30, 30));
      await delivered(archive);
      expect(archive.health()).toMatchObject({
        message: "",
        counters: { sentSamplesTotal: 540, refusedSamplesTotal: 0 },
      });
      for (const [k, key] of KEYS.entries()) {
        expect(pairsOf(await archive.read({ key, ...whole }))).toEqual(pairsOf(batches(0, 60)[k]?.series));
      }
      // A hole: Prometheus takes the marker and leaves it out of answers.
      const [first] = batches(60, 2) as [SeriesBatch];
      if (first.series.kind === "number") first.series.values[0] = Number.NaN;
      await archive.append([first]);
      await delivered(archive);
      expect(pairsOf(await archive.read({ key: first.key, ...whole }))).toHaveLength(61);
      await archive.close();

      const forgetful = openRemote(directory(), config);
      await forgetful.append(batches(0, 40));
      await delivered(forgetful);
      expect(forgetful.health().counters["refusedSamplesTotal"]).toBe(360);
      expect(forgetful.health().message).toContain("out of order");
      await forgetful.close();
    }, 40_000);

    test("a series that has ended is not drawn on", async () => {
      const server = await startPrometheus(directory());
      servers.push(server);
      const archive = openRemote(directory(), remoteConfig({ write: `${server.url}/api/v1/write`, query: server.url }));
      const hostsAt = await tellEnds(server, archive);
      for (const [second, hosts] of ENDS) expect([second, await hostsAt(second)]).toEqual([second, hosts]);
      expect(archive.health()).toMatchObject({
        message: "",
        counters: { endedSeriesTotal: 3, refusedSamplesTotal: 0, sentSamplesTotal: 4 * 11 + 40 + 5 + 3 },
      });
      // Nothing of ours that reads it back takes the marker for a sample.
      const key = { cluster: "khab", host: "gone", metric: "load_ends" };
      expect(pairsOf(await archive.read({ key, ...whole }))).toHaveLength(11);
      await archive.close();
    }, 40_000);
  },
);

const noVictoria = missing("victoria-metrics");
describe.skipIf(noVictoria !== undefined)(
  `VictoriaMetrics${noVictoria === undefined ? "" : ` (${noVictoria})`}`,
  () => {
    test("stopped and started again: what came meanwhile waits, over a restart of ours too, and is there once", async () => {
      const data = directory();
      const first = await startVictoriaMetrics(data);
      const config = remoteConfig({ write: `${first.url}/api/v1/write`, query: first.url });
      const queue = directory();
      const before = openRemote(queue, config);
      await before.append(batches(0, 10));
      await delivered(before);
      // Written to its disk before it is killed.
      await fetch(`${first.url}/internal/force_flush`);
      await first.stop();
      await before.append(batches(10, 10));
      await before.close();
      const archive = openRemote(queue, config);
      await archive.append(batches(15, 10));
      expect(archive.health().counters["queuedSamples"]).toBe(135);
      await expect(archive.read({ key: KEYS[0] as (typeof KEYS)[number], ...whole })).rejects.toMatchObject({
        code: "storage-remote",
      });
      servers.push(await startVictoriaMetrics(data, Number(new URL(first.url).port)));
      await delivered(archive, 20_000);
      await fetch(`${first.url}/internal/force_flush`);
      for (const [k, key] of KEYS.entries()) {
        expect(pairsOf(await archive.read({ key, ...whole }))).toEqual(pairsOf(batches(0, 25)[k]?.series));
      }
      await archive.close();
    }, 60_000);

    test("a series that has ended is not drawn on", async () => {
      const server = await startVictoriaMetrics(directory());
      servers.push(server);
      const archive = openRemote(directory(), remoteConfig({ write: `${server.url}/api/v1/write`, query: server.url }));
      const hostsAt = await tellEnds(server, archive);
      await fetch(`${server.url}/internal/force_flush`);
      for (const [second, hosts] of ENDS) expect([second, await hostsAt(second)]).toEqual([second, hosts]);
      expect(archive.health().counters).toMatchObject({ endedSeriesTotal: 3, refusedSamplesTotal: 0 });
      await archive.close();
    }, 60_000);
  },
);
