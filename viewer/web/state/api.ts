/** Questions to the viewer's HTTP interface. */
import {
  type AlertsAnswer,
  type HistoryAnswer,
  type HostAnswer,
  type OverviewAnswer,
  type Problem,
  TIME_HEADER,
} from "../../api/answers.js";
import type { Range } from "../lib/route.js";
import { stepFor } from "../lib/series.js";
import { learnTime } from "./clock.js";

const API = "/api/v1";

/** An answer that is not what was asked for; the message is for the reader of the page. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** 0: the viewer itself does not answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    // "no-cache" asks each time, with the ETag of what the browser still has.
    response = await fetch(API + path, { cache: "no-cache", ...(signal ? { signal } : {}) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "the viewer does not answer");
  }
  learnTime(Number(response.headers.get(TIME_HEADER)));
  if (!response.ok) {
    const problem = (await response.json().catch(() => undefined)) as Problem | undefined;
    throw new ApiError(response.status, problem?.detail ?? `the viewer answers ${response.status}`);
  }
  return (await response.json()) as T;
}

function query(values: Readonly<Record<string, string | number | undefined>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) parameters.set(name, String(value));
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

export function getOverview(metric: string | undefined): Promise<OverviewAnswer> {
  return get(`/overview${query({ metric })}`);
}

export function getHost(cluster: string, host: string, signal?: AbortSignal): Promise<HostAnswer> {
  return get(`/hosts/${encodeURIComponent(cluster)}/${encodeURIComponent(host)}`, signal);
}

export function getAlerts(before?: number): Promise<AlertsAnswer> {
  return get(`/alerts${query({ before })}`);
}

export interface SeriesName {
  readonly cluster: string;
  readonly host: string;
  readonly metric: string;
}

/** @param fromMs instead of the beginning of the range, to continue what is held */
export function getHistory(
  series: SeriesName,
  range: Range,
  fromMs: number | undefined,
  signal: AbortSignal,
): Promise<HistoryAnswer> {
  const lengthMs = "lastMs" in range ? range.lastMs : range.toMs - range.fromMs;
  const stepMs = stepFor(lengthMs);
  const startMs = fromMs ?? ("fromMs" in range ? range.fromMs : undefined);
  return get(
    `/history${query({
      ...series,
      from: startMs === undefined ? `-${lengthMs}ms` : startMs / 1_000,
      to: "toMs" in range ? range.toMs / 1_000 : undefined,
      step: stepMs === undefined ? undefined : `${stepMs}ms`,
    })}`,
    signal,
  );
}
