/** History of one metric of one host: samples as they came, or summed up by step. */

export interface SeriesKey {
  readonly cluster: string;
  readonly host: string;
  readonly metric: string;
}

/** Samples in order of time; times strictly increase, epoch ms. */
export interface NumberSeries {
  readonly kind: "number";
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
}

export interface TextSeries {
  readonly kind: "text";
  readonly timesMs: Float64Array;
  readonly texts: readonly string[];
}

export type Series = NumberSeries | TextSeries;

/**
 * Samples summed up: bucket i covers [startMs + i*stepMs, startMs + (i+1)*stepMs).
 * startMs is a multiple of stepMs, so that two queries agree on their buckets.
 * NaN in a bucket without samples: a hole stays a hole.
 */
export interface Buckets {
  readonly startMs: number;
  readonly stepMs: number;
  readonly min: Float64Array;
  /** Mean of the samples in the bucket, each with the same weight. */
  readonly avg: Float64Array;
  readonly max: Float64Array;
}

/** Builds Buckets from samples given in any order. */
export class BucketBuilder {
  readonly startMs: number;
  readonly stepMs: number;
  readonly #sum: Float64Array;
  readonly #count: Uint32Array;
  readonly #min: Float64Array;
  readonly #max: Float64Array;

  /**
   * @param fromMs first instant wanted, rounded down to a multiple of stepMs
   * @param toMs first instant not wanted, rounded up
   */
  constructor(fromMs: number, toMs: number, stepMs: number) {
    this.stepMs = stepMs;
    this.startMs = Math.floor(fromMs / stepMs) * stepMs;
    const length = Math.max(0, Math.ceil((toMs - this.startMs) / stepMs));
    this.#sum = new Float64Array(length);
    this.#count = new Uint32Array(length);
    this.#min = new Float64Array(length).fill(Number.NaN);
    this.#max = new Float64Array(length).fill(Number.NaN);
  }

  /** A NaN value and a time outside the range are passed over. */
  add(timeMs: number, value: number): void {
    const i = Math.floor((timeMs - this.startMs) / this.stepMs);
    if (i < 0 || i >= this.#sum.length || Number.isNaN(value)) return;
    this.#count[i] = (this.#count[i] as number) + 1;
    this.#sum[i] = (this.#sum[i] as number) + value;
    // Written so that the NaN of an empty bucket loses every comparison.
    if (!((this.#min[i] as number) <= value)) this.#min[i] = value;
    if (!((this.#max[i] as number) >= value)) this.#max[i] = value;
  }

  build(): Buckets {
    // 0/0 is NaN: a bucket without samples has no mean.
    const avg = this.#sum.map((sum, i) => sum / (this.#count[i] as number));
    return { startMs: this.startMs, stepMs: this.stepMs, min: this.#min, avg, max: this.#max };
  }
}

export function bucketsOf(series: NumberSeries, fromMs: number, toMs: number, stepMs: number): Buckets {
  const builder = new BucketBuilder(fromMs, toMs, stepMs);
  for (let i = 0; i < series.timesMs.length; i++) {
    builder.add(series.timesMs[i] as number, series.values[i] as number);
  }
  return builder.build();
}
