/** Documents written and played again: what was known is known again, at its own time. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { silentLogger } from "../../../core/base/log.js";
import { gangliaFilesSchema } from "../../../sensors/recorded/config.js";
import { RecordedSource } from "../../../sensors/recorded/recorded-source.js";
import { xmlSchema } from "../../../storage/xml/config.js";
import { XmlRecorder } from "../../../storage/xml/xml-recorder.js";
import { findProgram } from "../../setup/peers.mjs";
import { MadeCluster, metaOf } from "../../support/made-cluster.js";
import { RecordingSink } from "../../support/recording-sink.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { temporaryDirectory } from "../support/temporary.js";

/** Sunday, 22 November 2026, 00:58:30 UTC: an hour ends soon. */
const START_MS = Date.UTC(2026, 10, 22, 0, 58, 30);
const MINUTE_MS = 60_000;

let directory: ReturnType<typeof temporaryDirectory>;
let clock: VirtualClock;
let clusters: MadeCluster[];
let recorders: XmlRecorder[];
let frame: number;
beforeEach(() => {
  directory = temporaryDirectory();
  clock = new VirtualClock(START_MS);
  clusters = [];
  recorders = [];
  frame = 0;
});
afterEach(async () => {
  for (const recorder of recorders) await recorder.stop();
  directory.remove();
});

async function record(options: Record<string, unknown> = {}): Promise<XmlRecorder> {
  const config = xmlSchema.parse(options);
  const recorder = new XmlRecorder({
    config,
    stateDir: directory.path,
    views: () => clusters,
    clock,
    logger: silentLogger,
  });
  recorders.push(recorder);
  await recorder.start();
  return recorder;
}

const counted = (recorder: XmlRecorder, name: string) => recorder.health().counters[name] ?? 0;

/** Lets a minute pass and the documents of its tick be written. */
async function minute(recorder: XmlRecorder): Promise<void> {
  await clock.advance(MINUTE_MS);
  await recorder.idle();
}

function told(cluster: MadeCluster, value: number): void {
  cluster.frame(++frame, clock.nowMs() - 5_000);
  cluster.host("node1", { ip: "10.0.0.1" });
  cluster.set("node1", metaOf("load_one"), value, cluster.frameTimeMs, 2);
  cluster.set("node1", metaOf("os_name", { type: "string" }), '<Linux> & "é"');
}

function make(name: string): MadeCluster {
  const cluster = new MadeCluster(name);
  clusters.push(cluster);
  return cluster;
}

const files = (cluster: string) => {
  const path = join(directory.path, "documents", cluster);
  return existsSync(path) ? readdirSync(path).sort() : [];
};
const fileOf = (cluster: string, name: string) => join(directory.path, "documents", cluster, name);

/** Plays the files and keeps what each document said of one metric. */
async function played(paths: string[]) {
  const sink = new RecordingSink();
  const seen: [timeMs: number, value: unknown][] = [];
  const accept = sink.accept.bind(sink);
  sink.accept = (given) => {
    accept(given);
    const cells = sink.recorded(given.directory.name).hosts["node1"]?.cells;
    seen.push([given.timeMs, cells?.["load_one"]?.value]);
  };
  const config = gangliaFilesSchema.parse({ name: "again", type: "ganglia-files", files: paths });
  const ended: string[] = [];
  const logger = Object.assign(Object.create(silentLogger), { info: () => ended.push("") });
  const source = new RecordedSource(config, { sink, clock, logger });
  await source.start();
  while (ended.length === 0) {
    await clock.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const health = source.health();
  await source.stop();
  return { seen, sink, health };
}

describe("writing", () => {
  test("a document of each cluster at whole minutes, in a file for each hour; played again, all is known at its time", async () => {
    const khab = make("khab");
    const other = make("../other");
    const recorder = await record();
    for (const i of [0, 1, 2]) {
      told(khab, i + 0.25);
      told(other, 100 + i);
      await minute(recorder);
    }
    expect(files("khab")).toEqual(["2026-11-22T00Z.xml.gz", "2026-11-22T01Z.xml.gz"]);
    expect(files("%2E.%2Fother")).toEqual(["2026-11-22T00Z.xml.gz", "2026-11-22T01Z.xml.gz"]);
    const { seen, sink, health } = await played([join(directory.path, "documents", "khab")]);
    const firstMs = Date.UTC(2026, 10, 22, 0, 59);
    expect(seen).toEqual([
      [firstMs, 0.25],
      [firstMs + MINUTE_MS, 1.25],
      [firstMs + 2 * MINUTE_MS, 2.25],
    ]);
    expect(sink.recorded("khab").hosts["node1"]).toMatchObject({
      facts: { ip: "10.0.0.1" },
      cells: { os_name: { value: '<Linux> & "é"' } },
      metas: { load_one: { type: "float", slope: "both", tmaxS: 60 } },
    });
    expect(health).toMatchObject({ state: "ok", message: "", frames: 3, malformed: 0, failures: 0 });
  });

  test("no document without news", async () => {
    const khab = make("khab");
    const recorder = await record();
    told(khab, 1);
    await minute(recorder);
    await minute(recorder);
    told(khab, 2);
    await minute(recorder);
    expect(counted(recorder, "documentsTotal")).toBe(2);
  });

  const xmllint = findProgram("xmllint");
  test.skipIf(xmllint === undefined)("each document is valid by its own DTD, says xmllint", async () => {
    const khab = make("khab");
    const recorder = await record();
    told(khab, 1);
    await minute(recorder);
    const document = gunzipSync(readFileSync(fileOf("khab", "2026-11-22T00Z.xml.gz")));
    const checked = spawnSync(xmllint as string, ["--valid", "--noout", "-"], { input: document, encoding: "utf8" });
    expect([checked.status, checked.stderr]).toEqual([0, ""]);
  });
});

describe("a file that was cut", () => {
  test("the next process writes to another one, and only the document that was cut is missing", async () => {
    const khab = make("khab");
    const before = await record({ every: "10s" });
    for (const value of [1, 2]) {
      told(khab, value);
      await clock.advance(10_000);
      await before.idle();
    }
    await before.stop();
    const path = fileOf("khab", "2026-11-22T00Z.xml.gz");
    truncateSync(path, readFileSync(path).length - 20);
    const after = await record({ every: "10s" });
    told(khab, 3);
    await clock.advance(10_000);
    await after.idle();
    expect(files("khab")).toEqual(["2026-11-22T00Z-2.xml.gz", "2026-11-22T00Z.xml.gz"]);
    const { seen, health } = await played([join(directory.path, "documents", "khab")]);
    expect(seen.map(([, value]) => value)).toEqual([1, 3]);
    expect(health).toMatchObject({ state: "ok", failures: 1 });
  });
});

describe("what is too old or too much is deleted", () => {
  test("by age; what is none of ours stays", async () => {
    const khab = make("khab");
    mkdirSync(join(directory.path, "documents", "khab"), { recursive: true });
    mkdirSync(join(directory.path, "documents", "gone"));
    for (const name of ["2026-11-21T22Z.xml.gz", "2026-11-21T23Z.xml.gz", "notes.txt", "2026-11-01T00Z.xml"]) {
      writeFileSync(fileOf("khab", name), "x");
    }
    writeFileSync(fileOf("gone", "2026-11-01T00Z.xml.gz"), "x");
    const recorder = await record({ keep: "1h" });
    told(khab, 1);
    await minute(recorder);
    expect(existsSync(join(directory.path, "documents", "gone"))).toBe(false);
    expect(files("khab")).toEqual([
      "2026-11-01T00Z.xml",
      "2026-11-21T23Z.xml.gz",
      "2026-11-22T00Z.xml.gz",
      "notes.txt",
    ]);
  });

  test("by size, the oldest first; the file in use stays", async () => {
    const khab = make("khab");
    mkdirSync(join(directory.path, "documents", "khab"), { recursive: true });
    for (const hour of [19, 20, 21, 22, 23]) {
      writeFileSync(fileOf("khab", `2026-11-21T${hour}Z.xml.gz`), Buffer.alloc(300_000));
    }
    const recorder = await record({ size: "1M" });
    told(khab, 1);
    await minute(recorder);
    expect(files("khab")).toEqual(["21T21", "21T22", "21T23", "22T00"].map((hour) => `2026-11-${hour}Z.xml.gz`));
    expect(counted(recorder, "documentFilesBytes")).toBeLessThan(2 ** 20);
  });
});

describe("a disk that refuses", () => {
  test("is told, the other clusters are written, and later it goes on", async () => {
    const khab = make("khab");
    const other = make("other");
    mkdirSync(join(directory.path, "documents"));
    // A file where a directory is to be.
    writeFileSync(join(directory.path, "documents", "khab"), "");
    const recorder = await record();
    told(khab, 1);
    told(other, 1);
    await minute(recorder);
    expect(recorder.health().message).toContain("cannot write a document of khab");
    expect(files("other")).toHaveLength(1);
    expect(counted(recorder, "documentFailuresTotal")).toBe(1);
  });
});

test("nothing is left after stopping", async () => {
  const recorder = await record();
  await recorder.stop();
  expect(clock.pendingTimers).toBe(0);
});
