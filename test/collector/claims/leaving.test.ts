/** Clusters of sources that were taken out of the configuration, through a whole collector. */
import { beforeEach, describe, expect, it } from "vitest";
import type { ClaimStore } from "../../../collector/claims/claim-file.js";
import type { SourceClaim } from "../../../collector/claims/cluster-claims.js";
import { collectorSchema } from "../../../collector/config.js";
import { Collector } from "../../../collector/pipeline.js";
import { ChangeTracker } from "../../../collector/serve/change-tracker.js";
import { silentLogger } from "../../../core/base/log.js";
import { madeSums } from "../../support/made-sums.js";
import { MemoryLogFiles } from "../../support/memory-log-files.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { directoryOf, makeFrame } from "../support.js";

const S = 1_000;
const MINUTE = 60 * S;

const xml = (name: string): SourceClaim => ({ name, reads: name, clusters: "any", never: new Set() });
const [A, B, NEW] = [xml("a"), xml("b"), xml("new")];

let clock: VirtualClock;
let files: MemoryLogFiles;
let text: string;
let collector: Collector;
let gone: string[];

const store: ClaimStore = {
  load: () => text,
  save(next) {
    text = next;
  },
};

beforeEach(async () => {
  clock = new VirtualClock();
  files = new MemoryLogFiles();
  text = "";
  await start(files, A, B);
});

/** The next process on the disk as it is; the one before was killed. */
async function start(on: MemoryLogFiles, ...claims: readonly SourceClaim[]): Promise<void> {
  const config = collectorSchema.parse({ limits: { clusters: 2 } });
  files = on;
  gone = [];
  collector = new Collector({ config, instance: "i", clock, logger: silentLogger, files, claims: store });
  collector.onGone((cluster, host) => gone.push(`${cluster}/${host}`));
  await collector.start();
  collector.sourcesAre(claims);
}

function tells(source: string, cluster: string, ...hosts: readonly string[]): void {
  const timeMs = clock.nowMs();
  const cells = hosts.map((host) => [host, "load", 1.5, timeMs] as const);
  const heard = hosts.map((host) => [host, timeMs] as const);
  collector.accept(makeFrame(directoryOf(collector, cluster), { timeMs, source, cells, heard }));
}

/** Every 15 s. */
async function poll(minutes: number, ...told: readonly (readonly [source: string, cluster: string, host: string])[]) {
  for (let i = 0; i < minutes * 4; i++) {
    await clock.advance(15 * S);
    for (const [source, cluster, host] of told) tells(source, cluster, host);
  }
}

const names = () => collector.views().map((view) => view.directory.name);
const history = (cluster: string, host: string) =>
  collector.history({ key: { cluster, host, metric: "load" }, fromMs: 0, toMs: clock.nowMs() + 1 });

describe("a source that is taken out at a reload", () => {
  beforeEach(() => {
    tells("a", "x", "x1", "x2");
    tells("b", "y", "y1");
  });

  it("takes its cluster with it at once, which ends the alerts of its hosts", () => {
    collector.sourcesAre([B]);
    expect(names()).toEqual(["y"]);
    expect(gone).toEqual(["x/x1", "x/x2"]);
    expect([collector.view("x"), collector.summary("x")]).toEqual([undefined, undefined]);
    expect(collector.health().counters).toMatchObject({ leftClusters: 1, gone: 0 });
  });

  it("takes nothing that another source tells of", () => {
    tells("b", "x", "x2");
    collector.sourcesAre([B]);
    expect([names(), gone]).toEqual([["x", "y"], []]);
  });

  it("leaves the history of its cluster to be read, also after it has come back", async () => {
    collector.sourcesAre([B]);
    expect(await history("x", "x1")).toMatchObject({ values: Float64Array.of(1.5) });
    expect(
      await collector.samplesOfMany(
        { cluster: "x", metric: "load" },
        { fromMs: 0, toMs: clock.nowMs() + 1 },
        new AbortController().signal,
      ),
    ).toHaveProperty("size", 2);
    await poll(1, ["b", "y", "y1"]);
    tells("b", "x", "x1");
    expect(names()).toEqual(["x", "y"]);
    expect(await history("x", "x1")).toMatchObject({ values: Float64Array.of(1.5, 1.5) });
    expect(collector.summary("x")).toMatchObject({ hostsUp: 1, hostsDown: 0 });
  });

  it("leaves what is said of its hosts to the archive for as long as that may be given their history", async () => {
    const directories = () => collector.directories().map(({ name }) => name);
    collector.sourcesAre([B]);
    expect(directories()).toEqual(["x", "y"]);
    await poll(61, ["b", "y", "y1"]);
    expect(directories()).toEqual(["y"]);
  });

  it("leaves room for another cluster", () => {
    expect(collector.directory("z")).toBeUndefined();
    collector.sourcesAre([B]);
    expect(collector.directory("z")).toBeDefined();
  });

  it("does not come back with the next process, nor does its cluster", async () => {
    collector.sourcesAre([B]);
    await start(files.afterKill(), B);
    expect([names(), gone]).toEqual([["y"], []]);
    expect(await history("x", "x1")).toMatchObject({ values: Float64Array.of(1.5) });
  });

  it("is forgotten by the log as well when its history is older than the window", async () => {
    collector.sourcesAre([B]);
    // An hour in the window, and one more until no segment has its frames.
    await poll(150, ["b", "y", "y1"]);
    const log = Buffer.concat([...files.files.values()].map(({ bytes }) => bytes)).toString("latin1");
    expect(["x", "y"].map((name) => log.includes(`"name":"${name}"`))).toEqual([false, true]);
    tells("b", "x", "x9");
    expect(collector.summary("x")).toMatchObject({ hostsUp: 1, hostsDown: 0 });
  });

  it("is told to readers who have its cluster, and they get all of it when it comes back", async () => {
    const tracker = new ChangeTracker(collector);
    const told = (since: number | undefined) =>
      tracker
        .changes(since, undefined, () => 0)
        .clusters.map(({ view, full, hostRows }) => [view.directory.name, full, hostRows.length]);
    const first = collector.frameNumber;
    expect(told(undefined)).toEqual([
      ["x", true, 2],
      ["y", true, 1],
    ]);
    collector.sourcesAre([B]);
    expect(told(first)).toEqual([["y", false, 0]]);
    const second = collector.frameNumber;
    await poll(1, ["b", "y", "y1"]);
    tells("b", "x", "x1");
    expect(told(second)).toEqual([
      ["x", true, 1],
      ["y", false, 0],
    ]);
  });

  it("takes the sums that it told with it, and no others", () => {
    for (const source of ["a", "b"]) {
      collector.acceptSums(madeSums("grid", `of ${source}`, { source, timeMs: clock.nowMs() }));
    }
    collector.sourcesAre([B]);
    expect(collector.reportedSums().map(({ name }) => name)).toEqual(["of b"]);
  });
});

describe("a source that is merely down", () => {
  it("keeps its cluster, shown as down, over a reload, a restart and any time", async () => {
    tells("a", "x", "x1");
    tells("b", "y", "y1");
    await poll(30, ["b", "y", "y1"]);
    collector.sourcesAre([A, B]);
    await poll(30, ["b", "y", "y1"]);
    expect(collector.summary("x")).toMatchObject({ hostsUp: 0, hostsDown: 1 });
    await start(files.afterKill(), A, B);
    await poll(30, ["b", "y", "y1"]);
    expect([names(), gone]).toEqual([["x", "y"], []]);
    expect(collector.summary("x")).toMatchObject({ hostsUp: 0, hostsDown: 1 });
  });

  it("keeps it also where it was never written down who told of it", async () => {
    tells("a", "x", "x1");
    tells("b", "y", "y1");
    text = "";
    await start(files.afterKill(), A, B);
    await poll(30, ["b", "y", "y1"]);
    expect([names(), gone]).toEqual([["x", "y"], []]);
  });
});

describe("a cluster that came back from the log", () => {
  it("and that no source claims leaves when the sources are known", async () => {
    tells("a", "x", "x1");
    tells("b", "y", "y1");
    await clock.advance(S);
    await start(files.afterKill(), B);
    expect([names(), gone]).toEqual([["y"], ["x/x1"]]);
  });

  it("waits ten minutes for a new source that works, and no longer", async () => {
    tells("a", "x", "x1");
    await clock.advance(S);
    await start(files.afterKill(), NEW);
    await poll(9, ["new", "y", "y1"]);
    expect(names()).toEqual(["x", "y"]);
    await poll(2, ["new", "y", "y1"]);
    expect([names(), gone]).toEqual([["y"], ["x/x1"]]);
  });

  it("stays when the new source tells of it", async () => {
    tells("a", "x", "x1");
    await clock.advance(S);
    await start(files.afterKill(), NEW);
    await poll(30, ["new", "x", "x1"]);
    expect([names(), gone]).toEqual([["x"], []]);
  });

  it("without a host is not there until somebody tells of it", async () => {
    tells("a", "x");
    tells("b", "y", "y1");
    await start(files.afterKill(), A, B);
    expect(names()).toEqual(["y"]);
    tells("a", "x", "x1");
    expect(names().sort()).toEqual(["x", "y"]);
  });
});

it("who does not say what its sources are keeps all clusters", async () => {
  tells("a", "x", "x1");
  const next = new Collector({
    config: collectorSchema.parse({}),
    instance: "i",
    clock,
    logger: silentLogger,
    files: files.afterKill(),
  });
  await next.start();
  await clock.advance(60 * MINUTE);
  expect(next.views().map((view) => view.directory.name)).toEqual(["x"]);
});
