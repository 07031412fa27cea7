/**
 * The recent past in memory: the new cells of each frame, by cluster, until they
 * are too old and safe elsewhere. Answers queries for single series and hands
 * out whole series for the archive.
 *
 * Frames of all clusters share one count, so "through frame n" means the same
 * for every cluster. How cells are kept is nobody's business outside.
 */
import type { Coverage, SeriesBatch, SeriesQuery } from "../../core/model/archive.js";
import { type ClusterDirectory, NONE } from "../../core/model/directory.js";
import { Frame } from "../../core/model/frame.js";
import type { ValueKind } from "../../core/model/metric.js";
import { DECIMALS_SHORTEST } from "../../core/model/number-text.js";
import type { Series, SeriesKey } from "../../core/model/series.js";
import type { FrameNews } from "../frame-news.js";
import { collectBatches } from "./series-batches.js";
import { SeriesBuilder } from "./series-builder.js";
import { FramePacker, findColumn, lowerBound, timeOf, unpack, type WindowFrame } from "./window-frame.js";

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

interface ClusterFrames {
  readonly directory: ClusterDirectory;
  /** Oldest first. */
  readonly frames: WindowFrame[];
}

export class RecentWindow {
  readonly #options: WindowOptions;
  readonly #clusters = new Map<string, ClusterFrames>();
  readonly #packer = new FramePacker();
  #bytes = 0;
  #unarchivedBytes = 0;
  #frames = 0;
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

  /** Half of the memory waits for the archive: time to spill, however short ago the last time was. */
  get wantsSpill(): boolean {
    return this.#options.archiving && this.#unarchivedBytes > this.#options.bytesMax / 2;
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
    const { directory } = frame;
    let cluster = this.#clusters.get(directory.name);
    if (cluster === undefined) {
      cluster = { directory, frames: [] };
      this.#clusters.set(directory.name, cluster);
    }
    const packed = this.#packer.pack(frame, news, number);
    cluster.frames.push(packed);
    this.#frames++;
    this.#bytes += packed.bytes;
    this.#unarchivedBytes += packed.bytes;
    while (this.#bytes > this.#options.bytesMax && this.#frames > 1) this.#dropOldest();
  }

  /** @returns undefined where nothing of the series is in the range. If the metric changed its kind, the newest counts. */
  read(query: SeriesQuery): Series | undefined {
    const cluster = this.#clusters.get(query.key.cluster);
    if (cluster === undefined) return undefined;
    const row = cluster.directory.findRow(query.key.host);
    if (row === NONE) return undefined;
    const number = readSeries(cluster, row, query, "number");
    const text = readSeries(cluster, row, query, "text");
    if (number === undefined || text === undefined) return number ?? text;
    return newestTime(number) >= newestTime(text) ? number : text;
  }

  /** @returns the earliest time held of a series, of either kind, in frames after a number */
  firstTimeMs(key: SeriesKey, afterFrame = 0): number | undefined {
    const cluster = this.#clusters.get(key.cluster);
    const row = cluster?.directory.findRow(key.host) ?? NONE;
    if (cluster === undefined || row === NONE) return undefined;
    const columns = (["number", "text"] as const)
      .map((kind) => cluster.directory.findColumn(key.metric, kind))
      .filter((column) => column !== NONE);
    let firstMs = Number.POSITIVE_INFINITY;
    for (const frame of cluster.frames) {
      // Cells come in order of time but for a clock that was set back; what is older than all seen may still come.
      if (frame.number <= afterFrame || frame.oldestMs >= firstMs) continue;
      for (const column of columns) {
        for (const i of cellsOf(frame, column, row)) firstMs = Math.min(firstMs, timeOf(frame, i));
      }
    }
    return firstMs === Number.POSITIVE_INFINITY ? undefined : firstMs;
  }

  /** @returns times of the oldest and the newest frame */
  coverage(): Coverage | undefined {
    let fromMs = Number.POSITIVE_INFINITY;
    let toMs = Number.NEGATIVE_INFINITY;
    for (const { frames } of this.#clusters.values()) {
      const [oldest, newest] = [frames[0], frames.at(-1)];
      if (oldest === undefined || newest === undefined) continue;
      fromMs = Math.min(fromMs, oldest.timeMs);
      toMs = Math.max(toMs, newest.timeMs);
    }
    return fromMs <= toMs ? { fromMs, toMs } : undefined;
  }

  /** @returns number of the oldest frame held of a cluster; Infinity if there is none */
  oldestFrame(directory: ClusterDirectory): number {
    return this.#clusters.get(directory.name)?.frames[0]?.number ?? Number.POSITIVE_INFINITY;
  }

  /** Frames that no archive has, and the time of the oldest one. */
  unarchived(): { frames: number; oldestMs: number } {
    let count = 0;
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const { frames } of this.#clusters.values()) {
      for (let i = frames.length - 1; i >= 0; i--) {
        const frame = frames[i] as WindowFrame;
        if (frame.number <= this.#archivedThrough) break;
        count++;
        oldestMs = Math.min(oldestMs, frame.timeMs);
      }
    }
    return { frames: count, oldestMs };
  }

  /**
   * All that no archive has up to a frame, whole series at a time. Other calls
   * may come between two parts.
   * @param samplesMax about how many samples one part holds
   */
  *batches(through: number, samplesMax: number): Generator<SeriesBatch[]> {
    for (const { directory, frames } of [...this.#clusters.values()]) {
      yield* collectBatches(
        directory,
        () => frames.filter((frame) => frame.number > this.#archivedThrough && frame.number <= through),
        samplesMax,
      );
    }
  }

  /** An archive has everything up to this frame, and shows it. */
  archived(through: number): void {
    this.#archivedThrough = Math.max(this.#archivedThrough, through);
    this.#unarchivedBytes = 0;
    this.#loss = undefined;
    for (const { frames } of this.#clusters.values()) {
      for (let i = frames.length - 1; i >= 0; i--) {
        const frame = frames[i] as WindowFrame;
        if (frame.number <= this.#archivedThrough) break;
        this.#unarchivedBytes += frame.bytes;
      }
    }
  }

  /**
   * Lets go what is too old.
   * @returns number of the newest frame that left, 0 if none did
   */
  trim(nowMs: number): number {
    const oldestKeptMs = nowMs - this.#options.windowMs;
    let newestLeft = 0;
    for (const cluster of this.#clusters.values()) {
      for (let oldest = cluster.frames[0]; oldest !== undefined; oldest = cluster.frames[0]) {
        const isSafe = !this.#options.archiving || oldest.number <= this.#archivedThrough;
        if (oldest.timeMs >= oldestKeptMs || !isSafe) break;
        this.#drop(cluster);
        newestLeft = Math.max(newestLeft, oldest.number);
      }
    }
    return newestLeft;
  }

  /** @returns number of the oldest frame of all clusters; Infinity if there is none */
  oldestNumber(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const { frames } of this.#clusters.values()) oldest = Math.min(oldest, frames[0]?.number ?? oldest);
    return oldest;
  }

  /** Frames after a number that no archive has, oldest first. Each is valid until the next is asked for. */
  *framesAfter(number: number): Generator<{ number: number; frame: Frame }> {
    const after = Math.max(number, this.#archivedThrough);
    const wanted = [...this.#clusters.values()].flatMap(({ directory, frames }) =>
      frames.filter((packed) => packed.number > after).map((packed) => ({ directory, packed })),
    );
    wanted.sort((a, b) => a.packed.number - b.packed.number);
    for (const { directory, packed } of wanted) {
      const frame = new Frame(directory, "window");
      unpack(packed, directory, DECIMALS_SHORTEST, frame);
      yield { number: packed.number, frame };
    }
  }

  #dropOldest(): void {
    let oldest: ClusterFrames | undefined;
    for (const cluster of this.#clusters.values()) {
      const number = cluster.frames[0]?.number ?? Number.POSITIVE_INFINITY;
      if (number < (oldest?.frames[0]?.number ?? Number.POSITIVE_INFINITY)) oldest = cluster;
    }
    if (oldest === undefined) return;
    this.shortenedFrames++;
    this.#drop(oldest);
  }

  #drop(cluster: ClusterFrames): void {
    const frame = cluster.frames.shift();
    if (frame === undefined) return;
    this.#frames--;
    this.#bytes -= frame.bytes;
    if (frame.number <= this.#archivedThrough) return;
    this.#unarchivedBytes -= frame.bytes;
    if (!this.#options.archiving) return;
    this.lostFrames++;
    this.lostSamples += frame.count;
    const loss = this.#loss ?? { frames: 0, samples: 0, fromMs: frame.timeMs, toMs: frame.timeMs };
    this.#loss = {
      frames: loss.frames + 1,
      samples: loss.samples + frame.count,
      fromMs: Math.min(loss.fromMs, frame.timeMs),
      toMs: Math.max(loss.toMs, frame.timeMs),
    };
  }
}

function readSeries(
  { directory, frames }: ClusterFrames,
  row: number,
  { key, fromMs, toMs }: SeriesQuery,
  kind: ValueKind,
): Series | undefined {
  const column = directory.findColumn(key.metric, kind);
  if (column === NONE) return undefined;
  const builder = new SeriesBuilder(kind);
  for (const frame of frames) {
    if (frame.newestMs < fromMs || frame.oldestMs >= toMs) continue;
    for (const i of cellsOf(frame, column, row)) {
      const timeMs = timeOf(frame, i);
      if (timeMs >= fromMs && timeMs < toMs) builder.add(timeMs, frame, i);
    }
  }
  return builder.build();
}

/** Indexes of the cells of one column and row, mostly none or one. */
function* cellsOf(frame: WindowFrame, column: number, row: number): Generator<number> {
  const at = findColumn(frame, column);
  if (at < 0) return;
  const end = frame.starts[at + 1] as number;
  for (let i = lowerBound(frame.rows, row, frame.starts[at] as number, end); i < end && frame.rows[i] === row; i++) {
    yield i;
  }
}

function newestTime(series: Series): number {
  return series.timesMs.at(-1) ?? Number.NEGATIVE_INFINITY;
}
