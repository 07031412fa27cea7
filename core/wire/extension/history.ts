/** The answer to `history`: metrics over time, as samples or in buckets, host by host or all hosts in one. */
import type { MergedBuckets } from "../../model/bucket-table.js";
import type { Buckets, NumberSeries, TextSeries } from "../../model/series.js";
import type { XmlLimits } from "../xml/scanner.js";
import { type DocumentFacts, openDocument, openTag, textTag, type WritingFacts, writeDocument } from "./document.js";
import type { XmlElement } from "./element.js";
import { ExtensionError } from "./errors.js";
import { formatRows, formatSteps, formatValues, parseRows, parseSteps, parseValues } from "./lists.js";
import { formatSeconds } from "./seconds.js";

export interface BucketSeries extends Buckets {
  readonly kind: "buckets";
}

export type HistoryData = NumberSeries | TextSeries | BucketSeries;

export interface History {
  readonly cluster: string;
  /** undefined: each series names its own. */
  readonly metric?: string | undefined;
  /** The question as understood: samples with fromMs <= time < toMs, epoch ms. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Empty where nothing is known in this range. */
  readonly series: readonly HistorySeries[];
  /** All hosts in one, where that was asked for. */
  readonly merged?: MergedHistory | undefined;
}

export interface HistorySeries {
  readonly host: string;
  /** Only where the history is of several metrics. */
  readonly metric?: string | undefined;
  readonly data: HistoryData;
}

export interface MergedHistory extends MergedBuckets {
  /** Hosts that have a value in any step. */
  readonly series: number;
}

export interface HistoryDocument extends DocumentFacts, History {}

/** Samples or buckets of one document that are read, of all series: a week at one a second is 604,800. */
const SAMPLES_MAX = 2 ** 22;

export function writeHistory(facts: WritingFacts, history: History): Generator<string> {
  return writeDocument(facts, writeBody(history));
}

function* writeBody(history: History): Generator<string> {
  yield `${openTag("HISTORY", {
    CLUSTER: history.cluster,
    METRIC: history.metric,
    FROM: formatSeconds(history.fromMs),
    TO: formatSeconds(history.toMs),
  })}\n`;
  for (const series of history.series) yield writeSeries(series);
  if (history.merged !== undefined) yield* writeMerged(history.merged);
  yield "</HISTORY>\n";
}

function* writeMerged(merged: MergedHistory): Generator<string> {
  yield `${openTag("MERGED", {
    OF: "hosts",
    SERIES: merged.series,
    START: formatSeconds(merged.startMs),
    STEP: formatSeconds(merged.stepMs),
    COUNT: merged.avg.length,
  })}\n`;
  yield `<MIN>${formatValues(merged.min)}</MIN>\n`;
  yield `<AVG>${formatValues(merged.avg)}</AVG>\n`;
  yield `<MAX>${formatValues(merged.max)}</MAX>\n`;
  yield `<SUM>${formatValues(merged.sum)}</SUM>\n`;
  yield `<HOSTS>${formatValues(Float64Array.from(merged.hosts))}</HOSTS>\n</MERGED>\n`;
}

function writeSeries({ host, metric, data }: HistorySeries): string {
  if (data.kind === "buckets") {
    const open = openTag("BUCKETS", {
      HOST: host,
      METRIC: metric,
      START: formatSeconds(data.startMs),
      STEP: formatSeconds(data.stepMs),
      COUNT: data.avg.length,
    });
    return `${open}\n<MIN>${formatValues(data.min)}</MIN>\n<AVG>${formatValues(data.avg)}</AVG>\n<MAX>${formatValues(data.max)}</MAX>\n</BUCKETS>\n`;
  }
  const { kind, timesMs } = data;
  const open = openTag("SAMPLES", {
    HOST: host,
    METRIC: metric,
    KIND: kind,
    COUNT: timesMs.length,
    START: formatSeconds(timesMs[0] ?? 0),
  });
  const values = kind === "number" ? `<V>${formatValues(data.values)}</V>` : writeTexts(data.texts);
  return `${open}\n<STEPS>${formatSteps(timesMs)}</STEPS>\n${values}\n</SAMPLES>\n`;
}

function writeTexts(texts: readonly string[]): string {
  const indexes = new Map<string, number[]>();
  texts.forEach((text, i) => {
    const same = indexes.get(text);
    if (same === undefined) indexes.set(text, [i]);
    else same.push(i);
  });
  return [...indexes].map(([text, at]) => textTag("V", { AT: formatRows(at) }, text)).join("");
}

/**
 * @throws XmlError for a document that is cut or malformed, ExtensionError for one that is not as FORMAT.md
 * says, RefusedError for an answer that is an error
 */
export function readHistory(document: string, limits?: XmlLimits): HistoryDocument {
  const { facts, body } = openDocument(document, "HISTORY", limits);
  const series: HistorySeries[] = [];
  let merged: MergedHistory | undefined;
  let left = SAMPLES_MAX;
  for (const element of body.children) {
    if (!READ.has(element.name)) continue;
    // Runs let a short text claim many values.
    const count = element.count("COUNT", left);
    left -= count;
    if (element.name === "MERGED") {
      merged ??= readMerged(element, count);
      continue;
    }
    const data = element.name === "BUCKETS" ? readBuckets(element, count) : readSamples(element, count);
    const metric = element.optional("METRIC");
    series.push({ host: element.string("HOST"), ...(metric !== undefined && { metric }), data });
  }
  const metric = body.optional("METRIC");
  return {
    ...facts,
    cluster: body.string("CLUSTER"),
    ...(metric !== undefined && { metric }),
    fromMs: body.ms("FROM"),
    toMs: body.ms("TO"),
    series,
    ...(merged !== undefined && { merged }),
  };
}

const READ = new Set(["SAMPLES", "BUCKETS", "MERGED"]);

function readMerged(element: XmlElement, count: number): MergedHistory {
  const { startMs, stepMs, min, avg, max } = readBuckets(element, count);
  const list = (name: string) => parseValues(element.need(name).text, count).values;
  const hosts = list("HOSTS");
  if (!hosts.every((number) => Number.isInteger(number) && number >= 0 && number < 2 ** 32)) {
    throw new ExtensionError("<MERGED> with HOSTS that are no whole numbers");
  }
  return {
    startMs,
    stepMs,
    min,
    avg,
    max,
    sum: list("SUM"),
    hosts: Uint32Array.from(hosts),
    series: element.count("SERIES"),
  };
}

function readBuckets(element: XmlElement, count: number): BucketSeries {
  const stepMs = element.ms("STEP");
  if (stepMs <= 0) throw new ExtensionError("<BUCKETS> with a STEP that is not positive");
  const values = (name: string) => parseValues(element.need(name).text, count).values;
  return {
    kind: "buckets",
    startMs: element.ms("START"),
    stepMs,
    min: values("MIN"),
    avg: values("AVG"),
    max: values("MAX"),
  };
}

function readSamples(element: XmlElement, count: number): NumberSeries | TextSeries {
  const timesMs = parseSteps(element.need("STEPS").text, count, element.ms("START"));
  const kind = element.string("KIND");
  if (kind === "number") return { kind, timesMs, values: parseValues(element.need("V").text, count).values };
  if (kind !== "text") throw new ExtensionError(`<SAMPLES> with KIND ${JSON.stringify(kind)}, expected number or text`);
  return { kind, timesMs, texts: readTexts(element, count) };
}

function readTexts(element: XmlElement, count: number): string[] {
  const texts = new Map<number, string>();
  for (const value of element.all("V")) {
    for (const index of parseRows(value.string("AT"), count)) texts.set(index, value.text);
  }
  return Array.from({ length: count }, (_, index) => {
    const text = texts.get(index);
    if (text === undefined) throw new ExtensionError(`<SAMPLES> without a text for sample ${index} of ${count}`);
    return text;
  });
}
