/** The answer of the Prometheus API to a question for raw samples. Everything in it is doubted. Pure. */
import type { NumberSeries } from "../../core/model/series.js";

/** An answer that is none. */
export class QueryAnswerError extends Error {
  override readonly name = "QueryAnswerError";
}

type Pairs = [timeMs: number, value: number][];

/**
 * @param text JSON of /api/v1/query for a range selector
 * @returns samples of all its series in order of time; of several at one time the first counts
 * @throws QueryAnswerError
 */
export function parseQueryAnswer(text: string): NumberSeries | undefined {
  return parseManyAnswer(text, () => "").get("");
}

/**
 * The same of many series.
 * @param nameOf what a series is called by its labels; those of one name are one series
 * @returns series with samples, by name
 */
export function parseManyAnswer(
  text: string,
  nameOf: (labels: Readonly<Record<string, string>>) => string,
): Map<string, NumberSeries> {
  const found = new Map<string, Pairs>();
  for (const series of resultOf(text)) {
    const values = fieldOf(series, "values");
    if (!Array.isArray(values)) throw new QueryAnswerError("a series has no list of values");
    const name = nameOf(labelsOf(fieldOf(series, "metric")));
    const pairs = found.get(name) ?? [];
    for (const pair of values) pairs.push(sampleOf(pair));
    if (pairs.length > 0) found.set(name, pairs);
  }
  return new Map(Array.from(found, ([name, pairs]) => [name, seriesOf(pairs)]));
}

function seriesOf(pairs: Pairs): NumberSeries {
  pairs.sort(([a], [b]) => a - b);
  const distinct = pairs.filter(([timeMs], i) => timeMs !== pairs[i - 1]?.[0]);
  return {
    kind: "number",
    timesMs: Float64Array.from(distinct, ([timeMs]) => timeMs),
    values: Float64Array.from(distinct, ([, value]) => value),
  };
}

function labelsOf(labels: unknown): Readonly<Record<string, string>> {
  if (typeof labels !== "object" || labels === null) throw new QueryAnswerError("a series has no labels");
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => typeof value === "string"));
}

function resultOf(text: string): readonly unknown[] {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new QueryAnswerError("it is not JSON");
  }
  const status = fieldOf(answer, "status");
  if (status !== "success") throw new QueryAnswerError(`its status is ${JSON.stringify(status)}, expected "success"`);
  const data = fieldOf(answer, "data");
  const type = fieldOf(data, "resultType");
  const result = fieldOf(data, "result");
  if (type !== "matrix" || !Array.isArray(result)) {
    throw new QueryAnswerError(`its result is ${JSON.stringify(type)}, expected a "matrix"`);
  }
  return result;
}

/** [seconds, "value"]: seconds with a fraction, the value as text because JSON has no NaN. */
function sampleOf(pair: unknown): [timeMs: number, value: number] {
  const [seconds, text] = Array.isArray(pair) ? (pair as unknown[]) : [];
  const timeMs = typeof seconds === "number" ? Math.round(seconds * 1_000) : Number.NaN;
  const value = typeof text === "string" ? numberOf(text) : undefined;
  if (!Number.isFinite(timeMs) || value === undefined) {
    throw new QueryAnswerError(`a sample is ${JSON.stringify(pair)?.slice(0, 80)}, expected [seconds, "value"]`);
  }
  return [timeMs, value];
}

function numberOf(text: string): number | undefined {
  const special = { NaN: Number.NaN, "+Inf": Number.POSITIVE_INFINITY, "-Inf": Number.NEGATIVE_INFINITY }[text];
  if (special !== undefined) return special;
  return /^[+-]?\d[\d.]*(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

function fieldOf(object: unknown, name: string): unknown {
  return typeof object === "object" && object !== null ? (object as Record<string, unknown>)[name] : undefined;
}
