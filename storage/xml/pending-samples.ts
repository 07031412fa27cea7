/**
 * Samples of one cluster that no document has yet, in memory: of each series at most one
 * in each step, the newest. What is here is in the pending log too.
 */
import type { SeriesBatch } from "../../core/model/archive.js";
import type { Series, SeriesKey } from "../../core/model/series.js";
import type { SampleFacts } from "./document-present.js";

/** Arrays of one length, in order of time and never empty: half a million objects would take three times as much. */
export interface PendingSeries {
  readonly row: number;
  readonly metric: string;
  readonly timesS: number[];
  readonly values: (number | string)[];
  /** One object for all samples of a batch. The kind of a sample is text where its type is "string". */
  readonly facts: SampleFacts[];
}

type Take = (series: PendingSeries, timeS: number, value: number | string, facts: SampleFacts) => void;

export class PendingSamples {
  readonly #everyS: number;
  /** By row, then by metric. */
  readonly #series = new Map<number, Map<string, PendingSeries>>();
  /** Samples of all series. */
  count = 0;
  newestS = Number.NEGATIVE_INFINITY;

  constructor(everyS: number) {
    this.#everyS = everyS;
  }

  /** A sample of the step in which the series has one already takes its place. */
  push(row: number, metric: string, timeS: number, value: number | string, facts: SampleFacts): void {
    const series = this.of(row, metric) ?? this.#make(row, metric);
    const lastS = series.timesS.at(-1);
    const isSameStep = lastS !== undefined && stepEndOf(lastS, this.#everyS) === stepEndOf(timeS, this.#everyS);
    const at = isSameStep ? series.timesS.length - 1 : series.timesS.length;
    series.timesS[at] = timeS;
    series.values[at] = value;
    series.facts[at] = facts;
    if (!isSameStep) this.count++;
    this.newestS = Math.max(this.newestS, timeS);
  }

  of(row: number, metric: string): PendingSeries | undefined {
    return this.#series.get(row)?.get(metric);
  }

  hasRow(row: number): boolean {
    return this.#series.has(row);
  }

  *all(): Generator<PendingSeries> {
    for (const metrics of this.#series.values()) yield* metrics.values();
  }

  /** Removes the first sample of each series whose step has ended by then, and hands it on. */
  takeUntil(untilS: number, take: Take): void {
    for (const [row, metrics] of this.#series) {
      for (const [metric, series] of metrics) {
        const { timesS, values, facts } = series;
        if (stepEndOf(timesS[0] as number, this.#everyS) > untilS) continue;
        take(series, timesS.shift() as number, values.shift() as number | string, facts.shift() as SampleFacts);
        this.count--;
        if (timesS.length === 0) metrics.delete(metric);
      }
      if (metrics.size === 0) this.#series.delete(row);
    }
  }

  /** @returns end of the step of the oldest sample, epoch seconds; Infinity where there is none */
  firstStepEndS(): number {
    let oldestS = Number.POSITIVE_INFINITY;
    for (const { timesS } of this.all()) oldestS = Math.min(oldestS, timesS[0] as number);
    return stepEndOf(oldestS, this.#everyS);
  }

  /** As batches, for the pending log. @param hostOf name of a row */
  *toBatches(cluster: string, hostOf: (row: number) => string): Generator<SeriesBatch> {
    for (const { row, metric, timesS, values, facts } of this.all()) {
      const key: SeriesKey = { cluster, host: hostOf(row), metric };
      for (let from = 0; from < timesS.length; ) {
        const said = facts[from] as SampleFacts;
        let to = from + 1;
        while (to < timesS.length && facts[to] === said) to++;
        yield {
          ...said,
          key,
          series: seriesOf(timesS.slice(from, to), values.slice(from, to), said.type === "string"),
        };
        from = to;
      }
    }
  }

  #make(row: number, metric: string): PendingSeries {
    const series = { row, metric, timesS: [], values: [], facts: [] };
    const metrics = this.#series.get(row) ?? new Map<string, PendingSeries>();
    if (metrics.size === 0) this.#series.set(row, metrics);
    metrics.set(metric, series);
    return series;
  }
}

/** Steps end at multiples of everyS and hold their end, not their beginning. */
export function stepEndOf(timeS: number, everyS: number): number {
  return Math.ceil(timeS / everyS) * everyS;
}

/** @param values of one kind */
export function seriesOf(timesS: readonly number[], values: readonly (number | string)[], isText: boolean): Series {
  const timesMs = Float64Array.from(timesS, (timeS) => timeS * 1_000);
  if (isText) return { kind: "text", timesMs, texts: values.map(String) };
  return { kind: "number", timesMs, values: Float64Array.from(values as readonly number[]) };
}
