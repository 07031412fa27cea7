/**
 * Answers `history`: asks the collector, holds values where that is wanted, merges
 * hosts, and makes the text a piece at a time, because a megabyte of numbers takes
 * some 20 ms and others want their turn.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Clock, withDeadline } from "../../../core/base/clock.js";
import { bucketsOfRow } from "../../../core/model/bucket-table.js";
import { NONE } from "../../../core/model/directory.js";
import { TMAX_FACTOR } from "../../../core/model/liveness.js";
import {
  type History,
  type HistoryRequest,
  type HistorySeries,
  type TimePoint,
  type WritingFacts,
  writeHistory,
} from "../../../core/wire/extension/index.js";
import { holdValues, mergeRows } from "../../history/hosts.js";
import { HistoryError } from "../../history.js";
import type { HistoryPort, ManyHistoryPort, Present } from "../ports.js";
import { NoTurnError, Turns } from "./turns.js";

const HISTORY_TIMEOUT_MS = 30_000;

/** Questions about many series that are worked on at once: each may take 100 MB for a moment. */
const MANY_AT_ONCE = 2;
/** More of them would not be answered before the time is up. */
const MANY_WAITING = 30;

/** Half of what the collector holds for all its clients, and half of what the viewer reads. */
const ANSWER_CHARS_MAX = 64 * 2 ** 20;
/** What is written before others have their turn. */
const TURN_CHARS = 256 * 1_024;

/** It cannot be answered now; the message says why. */
export class UnavailableError extends Error {}

export interface HistoryAnswersOptions {
  readonly present: Present;
  readonly history: HistoryPort & ManyHistoryPort;
  readonly clock: Clock;
  /** Of the document, at the moment of writing. */
  readonly facts: () => WritingFacts;
}

interface Times {
  readonly nowMs: number;
  readonly fromMs: number;
  readonly toMs: number;
}

export class HistoryAnswers {
  readonly #options: HistoryAnswersOptions;
  readonly #turns = new Turns(MANY_AT_ONCE, MANY_WAITING);

  constructor(options: HistoryAnswersOptions) {
    this.#options = options;
  }

  /**
   * @returns the document's chunks
   * @throws HistoryError for a question that cannot be answered as it is, UnavailableError
   */
  async answer(request: HistoryRequest): Promise<readonly string[]> {
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    const times = { nowMs, fromMs: instant(request.from, nowMs), toMs: instant(request.to, nowMs) };
    const stopped = new AbortController();
    const seconds = HISTORY_TIMEOUT_MS / 1_000;
    const late = () =>
      new UnavailableError(`the history took longer than ${seconds} s, ask for a shorter range or fewer series`);
    try {
      return await withDeadline(clock, this.#read(request, times, stopped.signal), HISTORY_TIMEOUT_MS, late);
    } catch (error) {
      if (!(error instanceof NoTurnError)) throw error;
      throw new UnavailableError(`${MANY_WAITING} questions about many series wait already, try again later`);
    } finally {
      stopped.abort();
    }
  }

  async #read(request: HistoryRequest, times: Times, signal: AbortSignal): Promise<readonly string[]> {
    const { cluster, host, metric, stepMs } = request;
    const { fromMs, toMs } = times;
    if (host === undefined || metric === undefined) {
      return this.#turns.run(async () => this.#write(request, await this.#readMany(request, times, signal), signal));
    }
    const data = await this.#options.history.history({ key: { cluster, host, metric }, fromMs, toMs, stepMs });
    const series = data === undefined ? [] : [{ host, data }];
    return this.#write(request, { cluster, metric, fromMs, toMs, series }, signal);
  }

  async #readMany(request: HistoryRequest, times: Times, signal: AbortSignal): Promise<History> {
    const { cluster, host, metric, stepMs } = request;
    const { fromMs, toMs } = times;
    const names = { cluster, host, metric };
    const named = (name: string) => (host === undefined ? { host: name } : { host, metric: name });
    const common = { cluster, metric, fromMs, toMs };
    if (stepMs === undefined) {
      const found = await this.#options.history.samplesOfMany(names, { fromMs, toMs }, signal);
      return { ...common, series: [...found].map(([name, data]) => ({ ...named(name), data })) };
    }
    // Values of before the range are read too where they are held into it.
    const lead = this.#holdSteps(request, times, stepMs);
    const range = { fromMs: fromMs - lead * stepMs, toMs, stepMs };
    const found = await this.#options.history.bucketsOfMany(names, range, signal);
    holdValues(found.table, lead, times.nowMs);
    const rows = found.names.map((name, row) => ({ name, row })).filter(({ row }) => hasValue(found.table, row, lead));
    if (request.merge === "hosts") {
      return { ...common, series: [], merged: { ...mergeRows(found.table, lead), series: rows.length } };
    }
    const series = rows.map(
      ({ name, row }): HistorySeries => ({
        ...named(name),
        data: { kind: "buckets", ...bucketsOfRow(found.table, row, lead) },
      }),
    );
    return { ...common, series };
  }

  /**
   * One host's holes are shown as holes. The sum over all would jump with those who happened to send: there a value
   * counts as long as it is good.
   */
  #holdSteps({ cluster, metric, merge, holdMs }: HistoryRequest, { fromMs, toMs }: Times, stepMs: number): number {
    if (holdMs !== undefined) return Math.floor(holdMs / stepMs);
    if (merge === undefined || metric === undefined) return 0;
    const directory = this.#options.present.views().find((view) => view.directory.name === cluster)?.directory;
    const tmaxS = directory?.meta(NONE, directory.findColumn(metric, "number"))?.tmaxS ?? 0;
    return Math.floor(Math.min(tmaxS * 1_000 * TMAX_FACTOR, Math.max(0, toMs - fromMs)) / stepMs);
  }

  async #write(request: HistoryRequest, history: History, signal: AbortSignal): Promise<readonly string[]> {
    const chunks: string[] = [];
    let length = 0;
    let turnAt = TURN_CHARS;
    for (const chunk of writeHistory({ ...this.#options.facts(), dtd: request.dtd }, history)) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > ANSWER_CHARS_MAX) {
        throw new HistoryError(
          `the answer has more than ${ANSWER_CHARS_MAX} octets, ask for longer steps, a shorter range or merge=hosts`,
        );
      }
      if (length < turnAt) continue;
      turnAt = length + TURN_CHARS;
      await nextTurn();
      if (signal.aborted) break;
    }
    return chunks;
  }
}

function hasValue({ counts, steps }: { counts: Uint32Array; steps: number }, row: number, firstStep: number): boolean {
  return counts.subarray(row * steps + firstStep, (row + 1) * steps).some((count) => count > 0);
}

function instant(point: TimePoint, nowMs: number): number {
  return "atMs" in point ? point.atMs : nowMs - point.agoMs;
}
