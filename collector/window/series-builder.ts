/** Samples of one series, put together from frames: times strictly increase in what comes out. */
import type { ValueKind } from "../../core/model/metric.js";
import type { Series } from "../../core/model/series.js";

/** Fits an hour of polls at 15 s. */
const FIRST_CAPACITY = 256;

export class SeriesBuilder {
  readonly #kind: ValueKind;
  #count = 0;
  #timesMs = new Float64Array(FIRST_CAPACITY);
  #values = new Float64Array(FIRST_CAPACITY);
  readonly #texts: string[] = [];

  constructor(kind: ValueKind) {
    this.#kind = kind;
  }

  /** Samples come in the order in which they were taken. */
  add(timeMs: number, value: number, text: string): void {
    if (this.#kind === "text") this.#texts.push(text);
    if (this.#count === this.#timesMs.length) {
      this.#timesMs = doubled(this.#timesMs);
      this.#values = doubled(this.#values);
    }
    this.#timesMs[this.#count] = timeMs;
    this.#values[this.#count] = value;
    this.#count++;
  }

  /** @returns undefined where nothing was added */
  build(): Series | undefined {
    if (this.#count === 0) return undefined;
    const timesMs = this.#timesMs.slice(0, this.#count);
    return this.#kind === "text"
      ? inOrder({ kind: "text", timesMs, texts: this.#texts })
      : inOrder({ kind: "number", timesMs, values: this.#values.slice(0, this.#count) });
  }
}

/**
 * Samples come in order of time unless our clock was set back. Then the same
 * time may have come twice: what came last counts.
 * @returns the same series if it is in order
 */
export function inOrder(series: Series): Series {
  const { timesMs } = series;
  let isOrdered = true;
  for (let i = 1; i < timesMs.length; i++) isOrdered &&= (timesMs[i] as number) > (timesMs[i - 1] as number);
  if (isOrdered) return series;
  const order = Array.from(timesMs, (_, i) => i)
    .sort((a, b) => (timesMs[a] as number) - (timesMs[b] as number) || a - b)
    .filter((i, at, all) => timesMs[i] !== timesMs[all[at + 1] ?? -1]);
  const sortedMs = Float64Array.from(order, (i) => timesMs[i] as number);
  return series.kind === "text"
    ? { kind: "text", timesMs: sortedMs, texts: order.map((i) => series.texts[i] as string) }
    : { kind: "number", timesMs: sortedMs, values: Float64Array.from(order, (i) => series.values[i] as number) };
}

function doubled(array: Float64Array): Float64Array<ArrayBuffer> {
  const bigger = new Float64Array(array.length * 2);
  bigger.set(array);
  return bigger;
}
