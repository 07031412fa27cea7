/**
 * The sums of one cluster or grid since they were last written: a row now and then, a
 * number for each metric. 40 rows of 40 metrics take 26 kB.
 */
import type { SummedMetric, SumTable } from "../../core/model/archive.js";
import type { MetricSum } from "../../core/model/summary.js";

interface SumRow {
  readonly timeMs: number;
  /** By place of the metric; shorter where metrics came later. NaN: nobody had it. */
  readonly sums: Float64Array;
  readonly hosts: Float64Array;
}

export class SumLog {
  readonly kind: SumTable["kind"];
  readonly name: string;
  readonly metrics: SummedMetric[] = [];
  readonly #places = new Map<string, number>();
  readonly #rows: SumRow[] = [];
  /** The newest row that is written: what came next goes on from it. */
  #before: SumRow | undefined;

  constructor(kind: SumTable["kind"], name: string) {
    this.kind = kind;
    this.name = name;
  }

  /** Of the newest row ever added, epoch ms. */
  get lastMs(): number {
    return (this.#rows.at(-1) ?? this.#before)?.timeMs ?? Number.NEGATIVE_INFINITY;
  }

  /** Numbers held in rows that are not written. */
  get size(): number {
    return this.#rows.reduce((size, { sums }) => size + 2 * sums.length, 0);
  }

  /** Of rows that are not written, and of the newest written one. Oldest first. */
  get rows(): readonly SumRow[] {
    return this.#before === undefined ? this.#rows : [this.#before, ...this.#rows];
  }

  /** @param timeMs later than that of every row before */
  add(timeMs: number, metrics: readonly MetricSum[]): void {
    const places = metrics.map(({ meta }) => this.#place(meta));
    const sums = new Float64Array(this.metrics.length).fill(Number.NaN);
    const hosts = new Float64Array(this.metrics.length);
    for (const [i, { sum, num }] of metrics.entries()) {
      sums[places[i] as number] = sum;
      hosts[places[i] as number] = num;
    }
    this.#rows.push({ timeMs, sums, hosts });
  }

  /** @returns undefined where nothing waits */
  table(): SumTable | undefined {
    if (this.#rows.length === 0) return undefined;
    const width = this.metrics.length;
    const sums = new Float64Array(this.#rows.length * width).fill(Number.NaN);
    const hosts = new Float64Array(sums.length);
    for (const [i, row] of this.#rows.entries()) {
      sums.set(row.sums, i * width);
      hosts.set(row.hosts, i * width);
    }
    const timesMs = Float64Array.from(this.#rows, ({ timeMs }) => timeMs);
    return { kind: this.kind, name: this.name, metrics: [...this.metrics], timesMs, sums, hosts };
  }

  /** Rows up to this time are written. */
  forget(throughMs: number): void {
    while (this.#rows.length > 0 && (this.#rows[0] as SumRow).timeMs <= throughMs) this.#before = this.#rows.shift();
  }

  /** @returns how many rows were given up: the older half */
  shorten(): number {
    return this.#rows.splice(0, Math.ceil(this.#rows.length / 2)).length;
  }

  #place({ name, slope }: SummedMetric): number {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    this.#places.set(name, this.metrics.length);
    return this.metrics.push({ name, slope }) - 1;
  }
}
