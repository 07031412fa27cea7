/**
 * The recent past in memory: the new cells of each frame, by cluster, compressed
 * (frame-block.ts), until they are too old and safe elsewhere. Answers queries for
 * single series and for columns, and hands out whole series for the archive.
 *
 * Frames of all clusters share one count, so "through frame n" means the same
 * for every cluster. How cells are kept is nobody's business outside.
 *
 * Measured by `npm run bench:storage` on documents of 1,000 emulated hosts: see
 * tile/TILE-FORMAT.md.
 */
import type { Coverage, SeriesBatch, SeriesQuery } from "../../core/model/archive.js";
import { type ClusterDirectory, NONE } from "../../core/model/directory.js";
import type { Frame } from "../../core/model/frame.js";
import type { ValueKind } from "../../core/model/metric.js";
import type { Series, SeriesKey } from "../../core/model/series.js";
import type { FrameNews } from "../frame-news.js";
import { ClusterFrames } from "./cluster-frames.js";
import { ColumnReads, type ColumnVisitor } from "./column-reads.js";
import type { FrameHead } from "./frame-block.js";
import { FrameTail } from "./frame-tail.js";
import { SampleMemory } from "./sample-memory.js";
import { collectBatches } from "./series-batches.js";
import { SeriesBuilder } from "./series-builder.js";
import { FrameCells } from "./tile/frame-cells.js";

export interface WindowOptions {
  /** Frames older than this leave once they are archived. */
  readonly windowMs: number;
  /** Most memory; at it the oldest frames leave, archived or not. */
  readonly bytesMax: number;
  /** false: there is no archive, frames simply leave when they are old. */
  readonly archiving: boolean;
}

/** Frames that memory had no room for before an archive had them. */
export interface WindowLoss {
  readonly frames: number;
  readonly samples: number;
  /** Times of the first and the last of these frames, epoch ms. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** A block's memory is free when its last frame has left: up to this part of the window stays longer than it must. */
const BLOCKS_PER_WINDOW = 6;
/** At the memory limit the oldest block leaves: not too much at once. */
const BLOCKS_PER_MEMORY = 16;

export class RecentWindow {
  readonly #options: WindowOptions;
  readonly #clusters = new Map<string, ClusterFrames>();
  readonly #encoder = new FrameCells();
  readonly #reads = new ColumnReads();
  #bytes = 0;
  #frames = 0;
  #samples = 0;
  #archivedThrough = 0;
  #loss: WindowLoss | undefined;
  /** Frames that left before their time because memory was full, since the start. */
  shortenedFrames = 0;
  /** Those of them that no archive had, and their samples. */
  lostFrames = 0;
  lostSamples = 0;

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  /** Memory in use, about. */
  get bytes(): number {
    return this.#bytes;
  }

  get frames(): number {
    return this.#frames;
  }

  get samples(): number {
    return this.#samples;
  }

  /** Half of the memory waits for the archive: time to spill, however short ago the last time was. */
  get wantsSpill(): boolean {
    if (!this.#options.archiving) return false;
    let bytes = 0;
    for (const { blocks } of this.#clusters.values()) {
      for (const block of blocks) bytes += block.memoryBytes * block.partAfter(this.#archivedThrough);
    }
    return bytes > this.#options.bytesMax / 2;
  }

  /** What left before it was archived, since the archive last took all there was; undefined while nothing did. */
  get loss(): WindowLoss | undefined {
    return this.#loss;
  }

  /**
   * Takes the new cells of a frame, which are copied.
   * @param number greater than that of every frame before
   */
  add(frame: Frame, news: FrameNews, number: number): void {
    const cluster = this.#cluster(frame.directory);
    const { head, grownBytes } = cluster.add(frame, news, number, this.#encoder);
    this.#frames++;
    this.#samples += head.count;
    this.#bytes += grownBytes;
    while (this.#bytes > this.#options.bytesMax && this.#dropOldestBlock(number));
  }

  /** @returns undefined where nothing of the series is in the range. If the metric changed its kind, the newest counts. */
  read(query: SeriesQuery): Series | undefined {
    const cluster = this.#clusters.get(query.key.cluster);
    if (cluster === undefined) return undefined;
    const row = cluster.directory.findRow(query.key.host);
    if (row === NONE) return undefined;
    const number = this.#readSeries(cluster, row, query, "number");
    const text = this.#readSeries(cluster, row, query, "text");
    if (number === undefined || text === undefined) return number ?? text;
    return newestTime(number) >= newestTime(text) ? number : text;
  }

  /**
   * One metric of many hosts at once: for each host the samples with
   * fromMs <= time < toMs, in the order in which they were taken (which is the
   * order of time unless our clock was set back). Hosts come mixed. No object is
   * made for a sample.
   * @param visit gets the number, or for a text column NaN and the text
   * @param rows only these; all where it is undefined
   */
  readColumn(
    directory: ClusterDirectory,
    column: number,
    fromMs: number,
    toMs: number,
    visit: ColumnVisitor,
    rows?: ReadonlySet<number>,
  ): void {
    const cluster = this.#clusters.get(directory.name);
    if (cluster === undefined) return;
    const [row] = rows ?? [];
    if (rows?.size === 1 && row !== undefined) this.#reads.row(cluster, row, column, fromMs, toMs, visit);
    else this.#reads.column(cluster, column, fromMs, toMs, visit, rows);
  }

  /** @returns the earliest time held of a series, of either kind, in frames after a number */
  firstTimeMs(key: SeriesKey, afterFrame = 0): number | undefined {
    const cluster = this.#clusters.get(key.cluster);
    const row = cluster?.directory.findRow(key.host) ?? NONE;
    if (cluster === undefined || row === NONE) return undefined;
    let firstMs = Number.POSITIVE_INFINITY;
    for (const kind of ["number", "text"] as const) {
      const column = cluster.directory.findColumn(key.metric, kind);
      if (column !== NONE) firstMs = Math.min(firstMs, this.#reads.firstTime(cluster, row, column, afterFrame));
    }
    return firstMs === Number.POSITIVE_INFINITY ? undefined : firstMs;
  }

  /** @returns times of the oldest and the newest frame */
  coverage(): Coverage | undefined {
    let fromMs = Number.POSITIVE_INFINITY;
    let toMs = Number.NEGATIVE_INFINITY;
    for (const { oldest, newest } of this.#clusters.values()) {
      if (oldest === undefined || newest === undefined) continue;
      fromMs = Math.min(fromMs, oldest.timeMs);
      toMs = Math.max(toMs, newest.timeMs);
    }
    return fromMs <= toMs ? { fromMs, toMs } : undefined;
  }

  /** @returns number of the oldest frame held of a cluster; Infinity if there is none */
  oldestFrame(directory: ClusterDirectory): number {
    return this.#clusters.get(directory.name)?.oldest?.number ?? Number.POSITIVE_INFINITY;
  }

  /** @returns time of the oldest frame held of a cluster, epoch ms; Infinity if there is none */
  oldestTimeMs(directory: ClusterDirectory): number {
    return this.#clusters.get(directory.name)?.oldest?.timeMs ?? Number.POSITIVE_INFINITY;
  }

  /** Frames that no archive has, and the time of the oldest one. */
  unarchived(): { frames: number; oldestMs: number } {
    let count = 0;
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const cluster of this.#clusters.values()) {
      for (const head of cluster.newestFirst()) {
        if (head.number <= this.#archivedThrough) break;
        count++;
        oldestMs = Math.min(oldestMs, head.timeMs);
      }
    }
    return { frames: count, oldestMs };
  }

  /**
   * All that no archive has up to a frame, whole series at a time, never of more
   * than TILE_ROWS hosts. Other calls may come between two parts.
   * @param samplesMax about how many samples one part holds
   * @param memory in which its times and numbers are; of its own unless told
   */
  *batches(through: number, samplesMax: number, memory = new SampleMemory()): Generator<SeriesBatch[]> {
    for (const cluster of [...this.#clusters.values()]) {
      yield* collectBatches(cluster, () => ({ after: this.#archivedThrough, through }), samplesMax, memory);
    }
  }

  /** An archive has everything up to this frame, and shows it. */
  archived(through: number): void {
    this.#archivedThrough = Math.max(this.#archivedThrough, through);
    this.#loss = undefined;
  }

  /**
   * Lets go what is too old.
   * @returns number of the newest frame that left, 0 if none did
   */
  trim(nowMs: number): number {
    const oldestKeptMs = nowMs - this.#options.windowMs;
    let newestLeft = 0;
    for (const cluster of this.#clusters.values()) {
      for (let { oldest } = cluster; oldest !== undefined; { oldest } = cluster) {
        const isSafe = !this.#options.archiving || oldest.number <= this.#archivedThrough;
        if (oldest.timeMs >= oldestKeptMs || !isSafe) break;
        this.#drop(cluster, oldest);
        newestLeft = Math.max(newestLeft, oldest.number);
      }
    }
    return newestLeft;
  }

  /** @returns number of the oldest frame of all clusters; Infinity if there is none */
  oldestNumber(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const cluster of this.#clusters.values()) oldest = Math.min(oldest, cluster.oldest?.number ?? oldest);
    return oldest;
  }

  /** Frames after a number that no archive has. */
  framesAfter(number: number): FrameTail {
    return new FrameTail(this.#clusters, () => Math.max(number, this.#archivedThrough));
  }

  #cluster(directory: ClusterDirectory): ClusterFrames {
    let cluster = this.#clusters.get(directory.name);
    if (cluster === undefined) {
      const { windowMs, bytesMax } = this.#options;
      const limits = { spanMs: windowMs / BLOCKS_PER_WINDOW, bytesMax: bytesMax / BLOCKS_PER_MEMORY };
      cluster = new ClusterFrames(directory, limits);
      this.#clusters.set(directory.name, cluster);
    }
    return cluster;
  }

  #readSeries(
    cluster: ClusterFrames,
    row: number,
    { key, fromMs, toMs }: SeriesQuery,
    kind: ValueKind,
  ): Series | undefined {
    const column = cluster.directory.findColumn(key.metric, kind);
    if (column === NONE) return undefined;
    const builder = new SeriesBuilder(kind);
    this.#reads.row(cluster, row, column, fromMs, toMs, (_row, timeMs, value, text) =>
      builder.add(timeMs, value, text),
    );
    return builder.build();
  }

  /** @returns false if there is nothing to let go but the block with the frame of this number */
  #dropOldestBlock(newestNumber: number): boolean {
    let oldest: ClusterFrames | undefined;
    for (const cluster of this.#clusters.values()) {
      const number = cluster.oldest?.number ?? Number.POSITIVE_INFINITY;
      if (number < (oldest?.oldest?.number ?? Number.POSITIVE_INFINITY)) oldest = cluster;
    }
    const block = oldest?.blocks[0];
    if (oldest === undefined || block === undefined || block.heads.at(-1)?.number === newestNumber) return false;
    for (let left = block.frames; left > 0; left--) {
      this.shortenedFrames++;
      this.#drop(oldest, oldest.oldest as FrameHead);
    }
    return true;
  }

  #drop(cluster: ClusterFrames, head: FrameHead): void {
    this.#bytes -= cluster.dropOldest();
    this.#frames--;
    this.#samples -= head.count;
    if (head.number <= this.#archivedThrough) return;
    if (!this.#options.archiving) return;
    this.lostFrames++;
    this.lostSamples += head.count;
    const loss = this.#loss ?? { frames: 0, samples: 0, fromMs: head.timeMs, toMs: head.timeMs };
    this.#loss = {
      frames: loss.frames + 1,
      samples: loss.samples + head.count,
      fromMs: Math.min(loss.fromMs, head.timeMs),
      toMs: Math.max(loss.toMs, head.timeMs),
    };
  }
}

function newestTime(series: Series): number {
  return series.timesMs.at(-1) ?? Number.NEGATIVE_INFINITY;
}
