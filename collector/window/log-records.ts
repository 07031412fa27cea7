/** Payloads of the frame log's records, as LOG-FORMAT.md draws them. Bytes in, bytes out. */
import type { Frame } from "../../core/model/frame.js";
import type { ClusterFacts, HostFacts } from "../../core/model/host.js";
import type { MetricMeta, ValueKind } from "../../core/model/metric.js";
import type { FrameNews } from "../frame-news.js";

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

/** id u32, number f64, time f64, flags u8, counts of heard, cells and texts u32. */
const HEAD_BYTES = 4 + 8 + 8 + 1 + 3 * 4;
/** A distance from the frame's time does not fit 32 bits of ms: all times stand in full. */
const FLAG_WIDE_TIMES = 1;
const INT32_MAX = 2 ** 31 - 1;

export interface CellsHead {
  readonly cluster: number;
  readonly number: number;
  readonly timeMs: number;
}

/** Encodes what is news in a frame; keeps its buffer from call to call. */
export class CellsEncoder {
  #buffer = new Uint8Array(4096);
  #view = new DataView(this.#buffer.buffer);
  readonly #utf8 = new TextEncoder();

  /**
   * @param isText whether a column holds text
   * @returns valid until the next call
   */
  encode(head: CellsHead, frame: Frame, news: FrameNews, isText: (column: number) => boolean): Uint8Array {
    const { newCells: cells, newCount: count, newHeard: heard, newHeardCount: heardCount } = news;
    const wide = needsWideTimes(head.timeMs, frame, news);
    const timeBytes = wide ? 8 : 4;
    const texts: Uint8Array[] = [];
    const fixedBytes = HEAD_BYTES + heardCount * (4 + timeBytes) + count * (4 + 2 + timeBytes + 1 + 8);
    this.#reserve(fixedBytes);

    let at = HEAD_BYTES;
    const putTime = (timeMs: number) => {
      if (wide) this.#view.setFloat64(at, timeMs, true);
      else this.#view.setInt32(at, timeMs - head.timeMs, true);
      at += timeBytes;
    };
    for (let i = 0; i < heardCount; i++, at += 4) {
      this.#view.setUint32(at, frame.heardRows[heard[i] as number] as number, true);
    }
    for (let i = 0; i < heardCount; i++) putTime(frame.heardTimesMs[heard[i] as number] as number);
    for (let i = 0; i < count; i++, at += 4) {
      this.#view.setUint32(at, frame.rows[cells[i] as number] as number, true);
    }
    for (let i = 0; i < count; i++, at += 2) {
      this.#view.setUint16(at, frame.columns[cells[i] as number] as number, true);
    }
    for (let i = 0; i < count; i++) putTime(frame.timesMs[cells[i] as number] as number);
    for (let i = 0; i < count; i++) this.#buffer[at++] = frame.decimals[cells[i] as number] as number;
    for (let i = 0; i < count; i++, at += 8) {
      const cell = cells[i] as number;
      let value = frame.values[cell] as number;
      if (isText(frame.columns[cell] as number)) {
        const text = frame.texts[value];
        value = text === undefined ? Number.NaN : texts.push(this.#utf8.encode(text)) - 1;
      }
      this.#view.setFloat64(at, value, true);
    }
    this.#reserve(texts.reduce((sum, text) => sum + 4 + text.length, at));
    for (const text of texts) {
      this.#view.setUint32(at, text.length, true);
      this.#buffer.set(text, at + 4);
      at += 4 + text.length;
    }
    this.#putHead(head, wide, [heardCount, count, texts.length]);
    return this.#buffer.subarray(0, at);
  }

  #putHead(head: CellsHead, wide: boolean, counts: readonly number[]): void {
    this.#view.setUint32(0, head.cluster, true);
    this.#view.setFloat64(4, head.number, true);
    this.#view.setFloat64(12, head.timeMs, true);
    this.#view.setUint8(20, wide ? FLAG_WIDE_TIMES : 0);
    counts.forEach((count, i) => {
      this.#view.setUint32(21 + 4 * i, count, true);
    });
  }

  /** Keeps what was written. */
  #reserve(bytes: number): void {
    if (bytes <= this.#buffer.length) return;
    const bigger = new Uint8Array(Math.max(bytes, this.#buffer.length * 2));
    bigger.set(this.#buffer);
    this.#buffer = bigger;
    this.#view = new DataView(bigger.buffer);
  }
}

function needsWideTimes(baseMs: number, frame: Frame, news: FrameNews): boolean {
  const isWide = (timeMs: number) => {
    const offset = timeMs - baseMs;
    return offset !== Math.trunc(offset) || Math.abs(offset) > INT32_MAX;
  };
  for (let i = 0; i < news.newHeardCount; i++) {
    if (isWide(frame.heardTimesMs[news.newHeard[i] as number] as number)) return true;
  }
  for (let i = 0; i < news.newCount; i++) {
    if (isWide(frame.timesMs[news.newCells[i] as number] as number)) return true;
  }
  return false;
}

/** A decoded record; rows and columns are the log's numbers. */
export interface CellsRecord extends CellsHead {
  readonly heardRows: Uint32Array;
  readonly heardTimesMs: Float64Array;
  readonly rows: Uint32Array;
  readonly columns: Uint16Array;
  readonly timesMs: Float64Array;
  readonly decimals: Uint8Array;
  /** For text the index into `texts`, NaN for none. */
  readonly values: Float64Array;
  readonly texts: readonly string[];
}

/** @throws RangeError where the payload is shorter than it says */
export function decodeCells(payload: Uint8Array): CellsRecord {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const timeMs = view.getFloat64(12, true);
  const wide = (view.getUint8(20) & FLAG_WIDE_TIMES) !== 0;
  const [heardCount, count, textCount] = [21, 25, 29].map((at) => view.getUint32(at, true)) as [number, number, number];
  const timeBytes = wide ? 8 : 4;
  const fixedBytes = HEAD_BYTES + heardCount * (4 + timeBytes) + count * (15 + timeBytes) + textCount * 4;
  if (fixedBytes > payload.length) {
    throw new RangeError(`decoding cells: ${payload.length} bytes, expected at least ${fixedBytes}`);
  }

  let at = HEAD_BYTES;
  const takeRows = (length: number) => {
    const rows = new Uint32Array(length);
    for (let i = 0; i < length; i++, at += 4) rows[i] = view.getUint32(at, true);
    return rows;
  };
  const takeTimes = (length: number) => {
    const timesMs = new Float64Array(length);
    for (let i = 0; i < length; i++, at += timeBytes) {
      timesMs[i] = wide ? view.getFloat64(at, true) : timeMs + view.getInt32(at, true);
    }
    return timesMs;
  };
  const heardRows = takeRows(heardCount);
  const heardTimesMs = takeTimes(heardCount);
  const rows = takeRows(count);
  const columns = new Uint16Array(count);
  for (let i = 0; i < count; i++, at += 2) columns[i] = view.getUint16(at, true);
  const timesMs = takeTimes(count);
  const decimals = payload.slice(at, at + count);
  at += count;
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++, at += 8) values[i] = view.getFloat64(at, true);
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  const texts: string[] = [];
  for (let i = 0; i < textCount; i++) {
    const length = view.getUint32(at, true);
    if (at + 4 + length > payload.length) throw new RangeError(`decoding cells: text ${i} is cut short`);
    texts.push(utf8.decode(payload.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return {
    cluster: view.getUint32(0, true),
    number: view.getFloat64(4, true),
    timeMs,
    heardRows,
    heardTimesMs,
    rows,
    columns,
    timesMs,
    decimals,
    values,
    texts,
  };
}
