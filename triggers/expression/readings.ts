/**
 * What may be believed at one moment: the columns of a cluster with everything
 * taken out that is no evidence (never seen, overdue, host silent). Made once
 * for each metric and frame, shared by all conditions that look at it.
 */
import type { ClusterView, NumberColumn, TextColumn } from "../../core/model/columns.js";
import { NONE } from "../../core/model/directory.js";
import { isHostUp, isStale } from "../../core/model/liveness.js";
import type { ValueKind } from "../../core/model/metric.js";

export interface TextReading {
  readonly texts: readonly (string | undefined)[];
  /** 1 where the text may be believed. */
  readonly fresh: Uint8Array;
}

/** What is kept of a metric between frames. */
interface Known {
  column: number;
  /** directory.version at which column and tmaxS were looked up. */
  version: number;
  /** The metric's TMAX by row. */
  tmaxS: Float64Array;
  /** Frame for which the reading was made. */
  pass: number;
  values: Float64Array;
  fresh: Uint8Array;
}

export class Readings {
  /** 1 where the row's host exists and is up. */
  up = new Uint8Array(0);
  rowCount = 0;
  readonly scratch = new Scratch();

  #view: ClusterView | undefined;
  #timeMs = 0;
  #pass = 0;
  #version = -1;
  #hostTmaxS = new Float64Array(0);
  readonly #known: Readonly<Record<ValueKind, Map<string, Known>>> = { number: new Map(), text: new Map() };

  /** Begins a frame; everything returned for the one before is void. */
  begin(view: ClusterView, timeMs: number): void {
    const { directory, rowCount, reportedMs } = view;
    if (this.#view?.directory !== directory) this.#forget();
    this.#view = view;
    this.#timeMs = timeMs;
    this.#pass++;
    this.rowCount = rowCount;
    this.scratch.rowCount = rowCount;
    if (this.up.length < rowCount) this.up = new Uint8Array(capacity(rowCount));
    if (this.#version !== directory.version) this.#learnHosts(view);
    for (let row = 0; row < rowCount; row++) {
      const heardMs = reportedMs[row] as number;
      const tmaxS = this.#hostTmaxS[row] as number;
      // A free row has tmaxS -1.
      this.up[row] = heardMs > 0 && tmaxS >= 0 && isHostUp((timeMs - heardMs) / 1_000, tmaxS) ? 1 : 0;
    }
  }

  /** Nothing of this row is to be believed in this frame; call before any reading. */
  mask(row: number): void {
    this.up[row] = 0;
  }

  /** @returns by row, NaN = unknown; undefined where no host has such a number */
  numbers(metric: string): Float64Array | undefined {
    const known = this.#lookUp(metric, "number");
    if (known === undefined) return undefined;
    if (known.pass === this.#pass) return known.values;
    const column = this.#view?.column(known.column) as NumberColumn;
    known.pass = this.#pass;
    if (known.values.length < this.rowCount) known.values = new Float64Array(capacity(this.rowCount));
    believe(column, this.up, known.tmaxS, this.#timeMs, this.rowCount, known.values);
    return known.values;
  }

  /** @returns undefined where no host has such a text */
  texts(metric: string): TextReading | undefined {
    const known = this.#lookUp(metric, "text");
    if (known === undefined) return undefined;
    const column = this.#view?.column(known.column) as TextColumn;
    if (known.pass !== this.#pass) {
      known.pass = this.#pass;
      if (known.fresh.length < this.rowCount) known.fresh = new Uint8Array(capacity(this.rowCount));
      for (let row = 0; row < this.rowCount; row++) {
        const takenMs = column.timesMs[row] as number;
        const believed =
          this.up[row] === 1 &&
          takenMs > 0 &&
          column.texts[row] !== undefined &&
          !isStale((this.#timeMs - takenMs) / 1_000, known.tmaxS[row] as number);
        known.fresh[row] = believed ? 1 : 0;
      }
    }
    return { texts: column.texts, fresh: known.fresh };
  }

  #forget(): void {
    this.#version = -1;
    this.#known.number.clear();
    this.#known.text.clear();
  }

  #learnHosts(view: ClusterView): void {
    const { directory, rowCount } = view;
    if (this.#hostTmaxS.length < rowCount) this.#hostTmaxS = new Float64Array(capacity(rowCount));
    for (let row = 0; row < rowCount; row++) this.#hostTmaxS[row] = directory.host(row)?.tmaxS ?? -1;
    this.#version = directory.version;
  }

  #lookUp(metric: string, kind: ValueKind): Known | undefined {
    const view = this.#view;
    if (view === undefined) return undefined;
    const { directory } = view;
    let known = this.#known[kind].get(metric);
    if (known === undefined) {
      known = {
        column: NONE,
        version: -1,
        tmaxS: new Float64Array(0),
        pass: 0,
        values: new Float64Array(0),
        fresh: new Uint8Array(0),
      };
      this.#known[kind].set(metric, known);
    }
    if (known.version !== directory.version) {
      known.version = directory.version;
      known.column = directory.findColumn(metric, kind);
      if (known.column !== NONE) {
        if (known.tmaxS.length < this.rowCount) known.tmaxS = new Float64Array(capacity(this.rowCount));
        for (let row = 0; row < this.rowCount; row++) {
          known.tmaxS[row] = directory.meta(row, known.column)?.tmaxS ?? 0;
        }
      }
    }
    // A directory may know a column before its first frame has made one.
    return known.column !== NONE && view.column(known.column)?.kind === kind ? known : undefined;
  }
}

/** Apart, with everything in local names: this loop runs over every cell that a trigger looks at. */
function believe(
  { values, timesMs }: NumberColumn,
  up: Uint8Array,
  tmaxS: Float64Array,
  nowMs: number,
  rowCount: number,
  out: Float64Array,
): void {
  for (let row = 0; row < rowCount; row++) {
    const value = values[row] as number;
    const takenMs = timesMs[row] as number;
    const believed = up[row] === 1 && takenMs > 0 && !isStale((nowMs - takenMs) / 1_000, tmaxS[row] as number);
    // The subtraction turns infinities away, which no metric may be.
    out[row] = believed && value - value === 0 ? value : Number.NaN;
  }
}

/** Arrays for results on the way, given back after use so that a frame allocates nothing. */
class Scratch {
  rowCount = 0;
  readonly #numbers: Float64Array[] = [];
  readonly #truths: Uint8Array[] = [];

  takeNumbers(): Float64Array {
    const array = this.#numbers.pop();
    return array !== undefined && array.length >= this.rowCount ? array : new Float64Array(capacity(this.rowCount));
  }

  giveNumbers(array: Float64Array): void {
    this.#numbers.push(array);
  }

  takeTruths(): Uint8Array {
    const array = this.#truths.pop();
    return array !== undefined && array.length >= this.rowCount ? array : new Uint8Array(capacity(this.rowCount));
  }

  giveTruths(array: Uint8Array): void {
    this.#truths.push(array);
  }
}

/** Room to grow: a cluster that gains a host in each frame must not copy in each frame. */
export function capacity(rowCount: number): number {
  return Math.max(64, 2 ** Math.ceil(Math.log2(Math.max(1, rowCount))));
}
