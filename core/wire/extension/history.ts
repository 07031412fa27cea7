/** The answer to `history`: one metric over time, as samples or in buckets. */
import type { Buckets, NumberSeries, TextSeries } from "../../model/series.js";
import type { XmlLimits } from "../xml/scanner.js";
import { type DocumentFacts, openDocument, openTag, textTag, writeDocument } from "./document.js";
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
  readonly metric: string;
  /** The question as understood: samples with fromMs <= time < toMs, epoch ms. */
  readonly fromMs: number;
  readonly toMs: number;
  /** By host; empty where nothing is known in this range. */
  readonly series: readonly { readonly host: string; readonly data: HistoryData }[];
}

export interface HistoryDocument extends DocumentFacts, History {}

/** Samples or buckets of one document that are read, of all series: a week at one a second is 604,800. */
const SAMPLES_MAX = 2 ** 22;

export function writeHistory(facts: DocumentFacts, history: History): Generator<string> {
  return writeDocument(facts, writeBody(history));
}

function* writeBody(history: History): Generator<string> {
  yield `${openTag("HISTORY", {
    CLUSTER: history.cluster,
    METRIC: history.metric,
    FROM: formatSeconds(history.fromMs),
    TO: formatSeconds(history.toMs),
  })}\n`;
  for (const { host, data } of history.series) yield writeSeries(host, data);
  yield "</HISTORY>\n";
}

function writeSeries(host: string, data: HistoryData): string {
  if (data.kind === "buckets") {
    const open = openTag("BUCKETS", {
      HOST: host,
      START: formatSeconds(data.startMs),
      STEP: formatSeconds(data.stepMs),
      COUNT: data.avg.length,
    });
    return `${open}\n<MIN>${formatValues(data.min)}</MIN>\n<AVG>${formatValues(data.avg)}</AVG>\n<MAX>${formatValues(data.max)}</MAX>\n</BUCKETS>\n`;
  }
  const { kind, timesMs } = data;
  const open = openTag("SAMPLES", {
    HOST: host,
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
  const series: { host: string; data: HistoryData }[] = [];
  let left = SAMPLES_MAX;
  for (const element of body.children) {
    const read = element.name === "BUCKETS" ? readBuckets : element.name === "SAMPLES" ? readSamples : undefined;
    if (read === undefined) continue;
    // Runs let a short text claim many values.
    const count = element.count("COUNT", left);
    left -= count;
    series.push({ host: element.string("HOST"), data: read(element, count) });
  }
  return {
    ...facts,
    cluster: body.string("CLUSTER"),
    metric: body.string("METRIC"),
    fromMs: body.ms("FROM"),
    toMs: body.ms("TO"),
    series,
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
