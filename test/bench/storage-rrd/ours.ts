/**
 * Ours as a process of its own, compiled, as the collector runs it: answers each line of JSON on its stdin with one on
 * its stdout. Needs --expose-gc.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { systemClock } from "../../../core/base/clock.js";
import type { SeriesBatch } from "../../../core/model/archive.js";
import { packBatches, unpackBatches } from "../../../storage/pack.js";
import { archivesOf } from "../../../storage/rrd/archive/archives.js";
import { RrdArchive } from "../../../storage/rrd/archive/rrd-archive.js";
import { RrdFleet } from "../../../storage/rrd/bulk/fleet.js";
import { createRrdFile } from "../../../storage/rrd/file/create-file.js";
import { withRrdFile } from "../../../storage/rrd/file/rrd-file.js";
import { type Cost, costOf } from "./cost.js";
import { GMETAD, METRICS, pathsIn, RRAS, START_S, sampleTimes, sampleValues } from "./samples.js";

/** A whole number of series of a tile of the collector's window: it hands over some 20,000 samples at once. */
const SERIES_A_PART = 500;
/** Series that the collector hands over side by side. */
const TILE_HOSTS = 96;

/** create: new files. spill: 40 samples for each of them. store: the same by way of the whole store. held: see Held. */
export interface Question {
  readonly op: "create" | "spill" | "store" | "held";
  readonly directory: string;
  readonly hosts: number;
  /** Counts from 0. */
  readonly spill: number;
}

export interface Held {
  readonly bytesPerFile: number;
}

let fleet: RrdFleet | undefined;
const archives = new Map<string, RrdArchive>();

async function answer({ op, directory, hosts, spill }: Question): Promise<Cost | Held> {
  if (op === "create") return create(pathsIn(directory, hosts));
  if (op === "spill") return spillFleet(pathsIn(directory, hosts), spill);
  if (op === "store") return spillStore(storeIn(directory, RRAS), hosts, spill);
  return held(directory, hosts);
}

function create(paths: readonly string[]): Promise<Cost> {
  for (const path of paths) mkdirSync(dirname(path), { recursive: true });
  return costOf(() => {
    for (const path of paths) createRrdFile(path, GMETAD, START_S, (below) => Math.floor(Math.random() * below));
  });
}

function spillFleet(paths: readonly string[], spill: number): Promise<Cost> {
  const first = paths[0] as string;
  fleet ??= withRrdFile(first, "r", first, ({ header }) => new RrdFleet(header));
  const updating = fleet;
  const times = sampleTimes(spill);
  const values = paths.map((_, file) => sampleValues(spill, file));
  const knownS = spill === 0 ? START_S : (sampleTimes(spill - 1).at(-1) as number);
  return costOf(() => {
    for (const [i, path] of paths.entries()) updating.updateMany(path, knownS, times, values[i] as Float64Array);
  });
}

/** What the store's thread does with a spill: messages unpacked, checked, written. */
async function spillStore(archive: RrdArchive, hosts: number, spill: number): Promise<Cost> {
  const batches = [...batchesOf(hosts, spill)];
  const parts = Array.from({ length: Math.ceil(batches.length / SERIES_A_PART) }, (_, i) =>
    packBatches(batches.slice(i * SERIES_A_PART, (i + 1) * SERIES_A_PART)),
  );
  return costOf(async () => {
    for (const part of parts) await archive.append(unpackBatches(part));
    await archive.endSpill([]);
  });
}

/** In the order of the collector's window: tile by tile, in each metric by metric. */
function* batchesOf(hosts: number, spill: number): Generator<SeriesBatch> {
  const timesMs = sampleTimes(spill).map((timeS) => timeS * 1_000);
  for (let tile = 0; tile < hosts; tile += TILE_HOSTS) {
    for (let metric = 0; metric < METRICS; metric++) {
      for (let host = tile; host < Math.min(tile + TILE_HOSTS, hosts); host++) {
        const values = sampleValues(spill, host * METRICS + metric);
        const key = { cluster: "cluster", host: `node${host}.example.org`, metric: `metric${metric}` };
        yield { key, type: "float", units: "", tmaxS: 60, slope: "both", series: { kind: "number", timesMs, values } };
      }
    }
  }
}

function storeIn(directory: string, rras: readonly string[]): RrdArchive {
  let archive = archives.get(directory);
  if (archive === undefined) {
    mkdirSync(directory, { recursive: true });
    archive = new RrdArchive({
      directory,
      mode: "write",
      stepS: GMETAD.stepS,
      archivesOf: (stepS) => archivesOf(rras, stepS),
      lowerCaseHosts: false,
      clock: systemClock,
      log: { info: () => {}, warn: (message) => process.stderr.write(`${message}\n`) },
      random: (below) => Math.floor(Math.random() * below),
    });
    archives.set(directory, archive);
  }
  return archive;
}

/** What the store keeps in memory of its files. Rows are not held, so short archives do. */
async function held(directory: string, hosts: number): Promise<Held> {
  const before = usedBytes();
  const archive = storeIn(
    directory,
    RRAS.map((rra) => rra.replace(/\d+$/, "10")),
  );
  for (const spill of [0, 1]) await spillStore(archive, hosts, spill);
  return { bytesPerFile: (usedBytes() - before) / (hosts * METRICS) };
}

function usedBytes(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function main(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line) as Question))}\n`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) void main();
