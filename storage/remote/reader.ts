/** History read back from the remote store by the Prometheus API. */
import type { Clock } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import type { NamedSeries } from "../../core/model/archive.js";
import type { Series, SeriesKey } from "../../core/model/series.js";
import { StorageError } from "../errors.js";
import { cutSeries, joinSeries } from "../series.js";
import type { RemoteConfig } from "./config.js";
import { requestHeaders } from "./credentials.js";
import { excerpt, placeOf, post } from "./http.js";
import { Lanes } from "./lanes.js";
import { type ManyNames, metricOf, selectorOf, selectorOfMany } from "./names.js";
import { parseManyAnswer, parseQueryAnswer } from "./query-answer.js";

/** One question: 180,000 samples at one in 15 s, some 5 MB of JSON. Servers limit how long a range may be. */
const PIECE_MS = 31 * 86_400_000;

/** The same of many series: 1,000 hosts at one in 15 s are 24 MB. Halved where an answer is too long. */
const MANY_PIECE_MS = 4 * 3_600_000;
const MANY_PIECE_MIN_MS = 60_000;

/** Of one answer: a million samples and more. */
const ANSWER_BYTES_MAX = 80_000_000;

/** Questions under way; as many as VictoriaMetrics answers at a time by itself. */
const LANES = 4;

export class RemoteReader {
  readonly #url: string;
  readonly #config: RemoteConfig;
  readonly #clock: Clock;
  readonly #lanes = new Lanes(LANES);
  readonly #ended = new AbortController();

  /** @param base as `query` of the configuration */
  constructor(base: string, config: RemoteConfig, clock: Clock) {
    this.#url = `${base.replace(/\/+$/, "")}/api/v1/query`;
    this.#config = config;
    this.#clock = clock;
  }

  /** Samples with fromMs <= time < toMs, both finite. @throws StorageError storage-remote, storage-too-much */
  async read(key: SeriesKey, fromMs: number, toMs: number): Promise<Series | undefined> {
    const parts: Series[] = [];
    for (let startMs = fromMs; startMs < toMs; startMs += PIECE_MS) {
      const endMs = Math.min(startMs + PIECE_MS, toMs);
      const part = await this.#lanes.run(() => this.#readPiece(key, startMs, endMs));
      if (part !== undefined) parts.push(cutSeries(part, startMs, endMs));
    }
    return joinSeries(parts);
  }

  /**
   * Each as read() gives it, by the name that was not given.
   * @throws StorageError storage-remote, storage-too-much
   */
  async readMany(names: ManyNames, fromMs: number, toMs: number, samplesMax: number): Promise<NamedSeries[]> {
    const parts = new Map<string, Series[]>();
    const selector = selectorOfMany(names, this.#config);
    const nameOf = (labels: Readonly<Record<string, string>>) =>
      names.host === undefined ? (labels["host"] ?? "") : metricOf(labels, this.#config);
    let samples = 0;
    let lengthMs = MANY_PIECE_MS;
    for (let startMs = fromMs; startMs < toMs && samples <= samplesMax; ) {
      const endMs = Math.min(startMs + lengthMs, toMs);
      const text = await this.#lanes.run(() => this.#ask(selector, startMs, endMs));
      if (text === undefined && endMs - startMs > MANY_PIECE_MIN_MS) {
        lengthMs = Math.ceil((endMs - startMs) / 2);
        continue;
      }
      if (text === undefined) throw this.#tooMuch(selector);
      for (const [name, series] of this.#parsed(selector, () => parseManyAnswer(text, nameOf))) {
        const part = cutSeries(series, startMs, endMs);
        samples += part.timesMs.length;
        const known = parts.get(name);
        if (known === undefined) parts.set(name, [part]);
        else known.push(part);
      }
      startMs = endMs;
    }
    return Array.from(parts, ([name, each]) => ({ name, series: joinSeries(each) })).filter(
      (one): one is NamedSeries => one.series !== undefined,
    );
  }

  /** Ends what is under way. */
  close(): void {
    this.#ended.abort();
  }

  async #readPiece(key: SeriesKey, fromMs: number, toMs: number): Promise<Series | undefined> {
    const selector = selectorOf(key, this.#config);
    const text = await this.#ask(selector, fromMs, toMs);
    if (text === undefined) throw this.#tooMuch(selector);
    return this.#parsed(selector, () => parseQueryAnswer(text));
  }

  /** @returns undefined for an answer that is too long */
  async #ask(selector: string, fromMs: number, toMs: number): Promise<string | undefined> {
    // Whether the ends of a range selector belong to it differs between servers: ask for one ms more, cut afterwards.
    const startMs = Math.floor(fromMs) - 1;
    const endMs = Math.ceil(toMs);
    try {
      const answer = await post(this.#clock, {
        url: this.#url,
        headers: await requestHeaders(this.#config),
        body: new URLSearchParams({ query: `${selector}[${endMs - startMs}ms]`, time: (endMs / 1_000).toFixed(3) }),
        timeoutMs: this.#config.timeout,
        answerBytesMax: ANSWER_BYTES_MAX,
        signal: this.#ended.signal,
      });
      if (answer.isCut) return undefined;
      if (answer.status !== 200) throw new Error(`HTTP ${answer.status}: ${excerpt(answer.text)}`);
      return answer.text;
    } catch (error) {
      throw this.#failed(selector, error);
    }
  }

  #parsed<T>(selector: string, parse: () => T): T {
    try {
      return parse();
    } catch (error) {
      throw this.#failed(selector, error);
    }
  }

  #failed(selector: string, error: unknown): StorageError {
    return new StorageError(
      "storage-remote",
      `cannot read ${excerpt(selector)} from ${placeOf(this.#url)}: ${messageOf(error)}`,
    );
  }

  #tooMuch(selector: string): StorageError {
    return new StorageError(
      "storage-too-much",
      `cannot read ${excerpt(selector)}: the answer of ${placeOf(this.#url)} has more than ` +
        `${ANSWER_BYTES_MAX} bytes; ask for a shorter time`,
    );
  }
}
