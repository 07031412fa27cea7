/** Payloads of the frame log's records, as LOG-FORMAT.md draws them. Bytes in, bytes out. */
import type { Frame } from "../../core/model/frame.js";
import type { ClusterFacts, HostFacts } from "../../core/model/host.js";
import type { MetricMeta, ValueKind } from "../../core/model/metric.js";
import type { FrameNews } from "../frame-news.js";
import { ByteWriter, PADDING_BYTES } from "./tile/byte-writer.js";
import { FrameCells, type TileContext } from "./tile/frame-cells.js";
import { CellState, TILE_ROWS } from "./tile/tile-cells.js";
import { TileReader } from "./tile/tile-reader.js";

/** Of the payloads; the log's own framing has another. */
export const LOG_VERSION = 2;

export const RECORD = Object.freeze({
  /** Begins a segment: numbers used so far mean nothing any more. JSON CheckpointRecord. */
  checkpoint: 1,
  /** What the numbers of a cluster mean. JSON DirectoryRecord. */
  directory: 2,
  /** Cells of the present, as part of a checkpoint. Binary. */
  present: 3,
  /** New cells of a frame: for the present and the window. Binary. */
  frame: 4,
  /** New cells of an earlier frame, logged late: for the window alone. Binary. */
  late: 5,
});

export interface CheckpointRecord {
  /** LOG_VERSION; the first one had none. */
  readonly version?: number;
  /** Number of the newest frame. */
  readonly frame: number;
}

export interface DirectoryRecord {
  /** Number of the cluster in this log. */
  readonly id: number;
  readonly name: string;
  readonly facts: ClusterFacts;
  /** Rows that are new or described anew. */
  readonly hosts: readonly (readonly [row: number, facts: HostFacts])[];
  /** Columns that are new or whose metadata is new; all that is said of them. */
  readonly columns: readonly ColumnRecord[];
}

export interface ColumnRecord {
  readonly column: number;
  readonly name: string;
  readonly kind: ValueKind;
  /** Of every row that is not in `own`; null where nobody has said anything. */
  readonly common: MetricMeta | null;
  readonly own: readonly (readonly [meta: MetricMeta, rows: readonly number[]])[];
}

export function encodeJson(value: CheckpointRecord | DirectoryRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** @throws SyntaxError where the text is no JSON; the checksum makes that a bug of the writer */
export function decodeJson(payload: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(payload));
}

/** cluster u32, number f64, time f64, names u32, bytes of texts u32, bytes of tiles u32. */
const HEAD_BYTES = 4 + 8 + 8 + 4 + 4 + 4;
/** number of the tile u32, bytes u32. */
const TILE_HEAD_BYTES = 8;
/** Column 0 says when hosts were heard; the columns of the directory follow. */
const HEARD_COLUMN = 0;
const FIRST_COLUMN = 1;

export interface CellsHead {
  readonly cluster: number;
  readonly number: number;
  readonly timeMs: number;
  /** Directory records said of the cluster in this segment so far: who lacks one cannot tell what the numbers mean. */
  readonly names: number;
}

/**
 * Encodes what is news in a frame; keeps its buffers from call to call. What it
 * costs: LOG-FORMAT.md and tile/TILE-FORMAT.md.
 */
export class CellsEncoder {
  readonly #cells = new FrameCells();
  readonly #tiles = new ByteWriter(4096);
  readonly #out = new ByteWriter(4096);
  /** A record stands for itself: nothing is remembered from one to the next. */
  readonly #state = new CellState();
  readonly #texts = new Map<string, number>();
  readonly #context: TileContext = {
    state: () => {
      this.#state.forget();
      return this.#state;
    },
    textNumber: (text) => {
      const known = this.#texts.get(text);
      if (known !== undefined) return known;
      this.#texts.set(text, this.#texts.size);
      return this.#texts.size - 1;
    },
  };
  #heardOrder = new Uint32Array(0);

  /** @returns valid until the next call */
  encode(head: CellsHead, frame: Frame, news: FrameNews): Uint8Array {
    this.#texts.clear();
    this.#tiles.at = 0;
    this.#writeTiles(frame, news);
    const texts = new TextEncoder().encode(JSON.stringify([...this.#texts.keys()]));

    const out = this.#out;
    out.at = 0;
    out.reserve(HEAD_BYTES + texts.length + this.#tiles.at);
    out.u32(head.cluster);
    out.f64(head.number);
    out.f64(head.timeMs);
    out.u32(head.names);
    out.u32(texts.length);
    out.u32(this.#tiles.at);
    out.append(texts);
    out.append(this.#tiles.bytes.subarray(0, this.#tiles.at));
    // The padding belongs to the record: its reader looks that far.
    return out.bytes.fill(0, out.at, out.at + PADDING_BYTES).subarray(0, out.at + PADDING_BYTES);
  }

  #writeTiles(frame: Frame, news: FrameNews): void {
    const cells = this.#cells;
    const out = this.#tiles;
    const heard = this.#sortHeard(frame, news);
    cells.sort(frame, news.newCells, news.newCount);
    let heardAt = 0;
    for (let next = 0; next < cells.tileCount || heardAt < heard.length; ) {
      const range = next < cells.tileCount ? cells.tiles[next] : undefined;
      const heardTile = heardAt < heard.length ? tileOf(frame, heard[heardAt] as number) : Number.POSITIVE_INFINITY;
      const tile = Math.min(range?.tile ?? Number.POSITIVE_INFINITY, heardTile);
      out.reserve(TILE_HEAD_BYTES);
      const headAt = out.at;
      out.at += TILE_HEAD_BYTES;
      cells.begin(frame.timeMs);
      if (heardTile === tile) heardAt = this.#writeHeard(frame, heard, heardAt, tile);
      if (range?.tile === tile) {
        cells.put(out, frame, range, this.#context, FIRST_COLUMN);
        next++;
      }
      const end = out.at;
      out.at = headAt;
      out.u32(tile);
      out.u32(end - headAt - TILE_HEAD_BYTES);
      out.at = end;
    }
  }

  /** @returns where the next tile's begin */
  #writeHeard(frame: Frame, heard: Uint32Array, begin: number, tile: number): number {
    const writer = this.#cells.begin(frame.timeMs);
    let count = 0;
    let at = begin;
    for (; at < heard.length && tileOf(frame, heard[at] as number) === tile; at++) {
      const i = heard[at] as number;
      const row = (frame.heardRows[i] as number) % TILE_ROWS;
      // Of one row the last word counts.
      if (count > 0 && writer.rows[count - 1] === row) count--;
      writer.rows[count] = row;
      writer.timesMs[count] = frame.heardTimesMs[i] as number;
      writer.values[count] = Number.NaN;
      writer.decimals[count] = 0;
      count++;
    }
    writer.put(this.#tiles, HEARD_COLUMN, count, this.#context.state(HEARD_COLUMN));
    return at;
  }

  /** @returns indexes of hearings by row */
  #sortHeard(frame: Frame, { newHeard, newHeardCount }: FrameNews): Uint32Array {
    if (this.#heardOrder.length < newHeardCount) this.#heardOrder = new Uint32Array(newHeard.length);
    const order = this.#heardOrder.subarray(0, newHeardCount);
    order.set(newHeard.subarray(0, newHeardCount));
    const rowOf = (i: number) => frame.heardRows[i] as number;
    if (order.some((i, at) => at > 0 && rowOf(i) < rowOf(order[at - 1] as number))) {
      order.sort((a, b) => rowOf(a) - rowOf(b) || a - b);
    }
    return order;
  }
}

function tileOf(frame: Frame, heard: number): number {
  return Math.floor((frame.heardRows[heard] as number) / TILE_ROWS);
}

/** Takes what a record says; rows and columns are the log's numbers. */
export interface CellsTarget {
  heard(row: number, timeMs: number): void;
  /**
   * Cells of one column, and of rows firstRow + rows[i]; values and decimals are found by rows[i].
   * @param texts of a column of text: a value is the index of one, NaN for none
   */
  cells(
    column: number,
    firstRow: number,
    count: number,
    rows: Uint8Array,
    timesMs: Float64Array,
    state: CellState,
    texts: readonly string[],
  ): void;
}

/** Keeps its arrays from record to record. */
export class CellsDecoder {
  readonly #reader = new TileReader();
  readonly #state = new CellState();

  /** @throws RangeError where the payload is shorter than that */
  head(payload: Uint8Array): CellsHead {
    const view = viewOf(payload);
    if (payload.length < HEAD_BYTES + PADDING_BYTES) {
      throw new RangeError(`decoding cells: ${payload.length} bytes, expected at least ${HEAD_BYTES + PADDING_BYTES}`);
    }
    return {
      cluster: view.getUint32(0, true),
      number: view.getFloat64(4, true),
      timeMs: view.getFloat64(12, true),
      names: view.getUint32(20, true),
    };
  }

  /** @throws RangeError where the payload is shorter than it says */
  cells(payload: Uint8Array, target: CellsTarget): void {
    const { timeMs } = this.head(payload);
    const view = viewOf(payload);
    const textsEnd = HEAD_BYTES + view.getUint32(HEAD_BYTES - 8, true);
    const end = textsEnd + view.getUint32(HEAD_BYTES - 4, true);
    if (end + PADDING_BYTES !== payload.length) {
      throw new RangeError(`decoding cells: ${payload.length} bytes, expected ${end + PADDING_BYTES}`);
    }
    const texts = JSON.parse(
      new TextDecoder("utf-8", { ignoreBOM: true }).decode(payload.subarray(HEAD_BYTES, textsEnd)),
    );
    this.#reader.open(payload);
    for (let at = textsEnd; at < end; ) {
      if (at + TILE_HEAD_BYTES > end) throw new RangeError(`decoding cells: a tile ends inside its head at ${at}`);
      const tile = view.getUint32(at, true);
      const begin = at + TILE_HEAD_BYTES;
      at = begin + view.getUint32(at + 4, true);
      if (at > end) throw new RangeError(`decoding cells: a tile up to byte ${at} of ${end}`);
      this.#reader.begin(begin, at, timeMs);
      this.#tile(tile * TILE_ROWS, texts as string[], target);
    }
  }

  #tile(firstRow: number, texts: readonly string[], target: CellsTarget): void {
    const reader = this.#reader;
    const state = this.#state;
    while (reader.next()) {
      state.forget();
      reader.readValues(state);
      const { column, count, rows } = reader;
      const timesMs = reader.times();
      if (column >= FIRST_COLUMN) target.cells(column - FIRST_COLUMN, firstRow, count, rows, timesMs, state, texts);
      else for (let i = 0; i < count; i++) target.heard(firstRow + (rows[i] as number), timesMs[i] as number);
    }
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
