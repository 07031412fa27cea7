/** A store of documents in a directory of its own, and what its tests ask of it. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { silentLogger } from "../../../core/base/log.js";
import type { SeriesBatch } from "../../../core/model/archive.js";
import type { SeriesKey } from "../../../core/model/series.js";
import { gangliaFilesSchema } from "../../../sensors/recorded/config.js";
import { RecordedSource } from "../../../sensors/recorded/recorded-source.js";
import { xmlSchema } from "../../../storage/xml/config.js";
import { XmlArchive, type XmlArchiveOptions } from "../../../storage/xml/xml-archive.js";
import { RecordingSink } from "../../support/recording-sink.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { KeptLog } from "../support/sqlite.js";
import { temporaryDirectory } from "../support/temporary.js";

/** Sunday, 22 November 2026, 00:58 UTC: an hour ends soon. */
export const START_MS = Date.UTC(2026, 10, 22, 0, 58);
export const MINUTE_MS = 60_000;
export const KEY: SeriesKey = { cluster: "khab", host: "node1", metric: "load_one" };

export interface Station {
  readonly clock: VirtualClock;
  readonly log: KeptLog;
  /** Of the documents. */
  readonly path: string;
  /** Opens the store, once more if it is open. */
  open(config?: Record<string, unknown>, more?: Partial<XmlArchiveOptions>): Promise<XmlArchive>;
  files(cluster?: string): string[];
  file(name: string, cluster?: string): string;
  /** Text of all documents of a file. */
  text(name: string, cluster?: string): string;
  remove(): Promise<void>;
}

/** @param stateDir one of its own unless given */
export function station(stateDir?: string): Station {
  const directory = stateDir === undefined ? temporaryDirectory() : { path: stateDir, remove: () => {} };
  const path = join(directory.path, "documents");
  const clock = new VirtualClock(START_MS);
  const log = new KeptLog();
  let archive: XmlArchive | undefined;
  const file = (name: string, cluster = "khab") => join(path, cluster, name);
  return {
    clock,
    log,
    path,
    async open(config = {}, more = {}) {
      await archive?.close();
      const options = { config: xmlSchema.parse(config), stateDir: directory.path, clock, log, heldBackS: 0, ...more };
      archive = new XmlArchive(options);
      return archive;
    },
    files: (cluster = "khab") => (existsSync(join(path, cluster)) ? readdirSync(join(path, cluster)).sort() : []),
    file,
    text: (name, cluster) => gunzipSync(readFileSync(file(name, cluster))).toString("latin1"),
    async remove() {
      await archive?.close();
      directory.remove();
    },
  };
}

/** Samples `[seconds after START_MS, value]`; texts make a text metric. */
export function batch(
  samples: readonly (readonly [atS: number, value: number | string])[],
  key: Partial<SeriesKey> = {},
  more: Partial<SeriesBatch> = {},
): SeriesBatch {
  const timesMs = Float64Array.from(samples, ([atS]) => START_MS + atS * 1_000);
  const isText = typeof samples[0]?.[1] === "string";
  const facts = { key: { ...KEY, ...key }, units: "", slope: "both", tmaxS: 60 } as const;
  if (isText) {
    const series = { kind: "text", timesMs, texts: samples.map(([, value]) => String(value)) } as const;
    return { ...facts, type: "string", series, ...more };
  }
  const values = Float64Array.from(samples, ([, value]) => Number(value));
  return { ...facts, type: "float", series: { kind: "number", timesMs, values }, ...more };
}

/** `[seconds after START_MS, value]` */
export async function samplesOf(
  archive: XmlArchive,
  key: Partial<SeriesKey> = {},
  fromMs = 0,
  toMs = 9e13,
): Promise<[number, number | string | undefined][]> {
  const series = await archive.read({ key: { ...KEY, ...key }, fromMs, toMs });
  if (series === undefined) return [];
  return [...series.timesMs].map((timeMs, i) => [
    (timeMs - START_MS) / 1_000,
    series.kind === "number" ? series.values[i] : series.texts[i],
  ]);
}

/** As a bad disk does. */
export function flipOctet(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  writeFileSync(path, bytes);
}

/** Plays files and keeps when each frame was and what it said of load_one of node1. */
export async function played(paths: string[]) {
  const clock = new VirtualClock(START_MS);
  const sink = new RecordingSink();
  const seen: [atS: number, cell: number | string | undefined, atCellS: number][] = [];
  const accept = sink.accept.bind(sink);
  sink.accept = (frame) => {
    accept(frame);
    const cell = sink.recorded(frame.directory.name).hosts["node1"]?.cells["load_one"];
    seen.push([(frame.timeMs - START_MS) / 1_000, cell?.value, ((cell?.timeMs ?? 0) - START_MS) / 1_000]);
  };
  const config = gangliaFilesSchema.parse({ name: "again", type: "ganglia-files", files: paths });
  let ended = false;
  const info = () => {
    ended = true;
  };
  const source = new RecordedSource(config, {
    sink,
    clock,
    logger: Object.assign(Object.create(silentLogger), { info }),
  });
  await source.start();
  while (!ended) {
    await clock.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const health = source.health();
  await source.stop();
  return { seen, sink, health };
}
