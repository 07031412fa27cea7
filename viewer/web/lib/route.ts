/** Addresses of pages: from a URL and back. Everything that is chosen stands in the URL. */
import type { HostFilter, HostSort } from "./order.js";

export interface OverviewRoute {
  readonly page: "overview";
  /** undefined: what the server shows unasked. */
  readonly metric?: string;
  readonly cluster?: string;
  readonly sort: HostSort;
  readonly filter: HostFilter;
  readonly search: string;
}

/** The last so many ms, moving with time, or from here to there. */
export type Range = { readonly lastMs: number } | { readonly fromMs: number; readonly toMs: number };

export interface HostRoute {
  readonly page: "host";
  readonly cluster: string;
  readonly host: string;
  readonly range: Range;
}

export type Route = OverviewRoute | HostRoute | { readonly page: "alerts" } | { readonly page: "not-found" };

const HOUR_MS = 3_600_000;

export const RANGES: readonly { readonly label: string; readonly lastMs: number }[] = [
  { label: "15m", lastMs: HOUR_MS / 4 },
  { label: "1h", lastMs: HOUR_MS },
  { label: "6h", lastMs: 6 * HOUR_MS },
  { label: "24h", lastMs: 24 * HOUR_MS },
  { label: "7d", lastMs: 7 * 24 * HOUR_MS },
];
export const DEFAULT_RANGE: Range = { lastMs: HOUR_MS };

const SORTS: readonly HostSort[] = ["name", "value"];
const FILTERS: readonly HostFilter[] = ["all", "up", "down", "stale", "alert"];

/**
 * @param path as in location.pathname, percent-encoded
 * @param query as in location.search
 */
export function parseRoute(path: string, query: string): Route {
  const parameters = new URLSearchParams(query);
  const parts = path.split("/").slice(1);
  if (path === "/") return parseOverview(parameters);
  if (parts[0] === "alerts" && parts.length === 1) return { page: "alerts" };
  if (parts[0] === "host" && parts.length === 3) {
    const cluster = decode(parts[1] ?? "");
    const host = decode(parts[2] ?? "");
    if (cluster !== "" && host !== "") return { page: "host", cluster, host, range: parseRange(parameters) };
  }
  return { page: "not-found" };
}

function parseOverview(parameters: URLSearchParams): OverviewRoute {
  const metric = parameters.get("metric");
  const cluster = parameters.get("cluster");
  return {
    page: "overview",
    ...(metric ? { metric } : {}),
    ...(cluster ? { cluster } : {}),
    sort: oneOf(SORTS, parameters.get("sort")) ?? "name",
    filter: oneOf(FILTERS, parameters.get("show")) ?? "all",
    search: parameters.get("q") ?? "",
  };
}

function parseRange(parameters: URLSearchParams): Range {
  const fromMs = seconds(parameters.get("from"));
  const toMs = seconds(parameters.get("to"));
  if (fromMs < toMs) return { fromMs, toMs };
  const label = parameters.get("range");
  const known = RANGES.find((range) => range.label === label);
  return known === undefined ? DEFAULT_RANGE : { lastMs: known.lastMs };
}

export function formatRoute(route: Route): string {
  switch (route.page) {
    case "overview": {
      const parameters = new URLSearchParams();
      if (route.metric !== undefined) parameters.set("metric", route.metric);
      if (route.cluster !== undefined) parameters.set("cluster", route.cluster);
      if (route.sort !== "name") parameters.set("sort", route.sort);
      if (route.filter !== "all") parameters.set("show", route.filter);
      if (route.search !== "") parameters.set("q", route.search);
      return withQuery("/", parameters);
    }
    case "host": {
      const parameters = new URLSearchParams();
      const { range } = route;
      if ("fromMs" in range) {
        parameters.set("from", String(Math.floor(range.fromMs / 1_000)));
        parameters.set("to", String(Math.ceil(range.toMs / 1_000)));
      } else if (!("lastMs" in DEFAULT_RANGE && range.lastMs === DEFAULT_RANGE.lastMs)) {
        parameters.set("range", RANGES.find((known) => known.lastMs === range.lastMs)?.label ?? "1h");
      }
      return withQuery(`/host/${encodeURIComponent(route.cluster)}/${encodeURIComponent(route.host)}`, parameters);
    }
    case "alerts":
      return "/alerts";
    case "not-found":
      return "/";
  }
}

export function hostPath(cluster: string, host: string, range: Range = DEFAULT_RANGE): string {
  return formatRoute({ page: "host", cluster, host, range });
}

function withQuery(path: string, parameters: URLSearchParams): string {
  const query = parameters.toString();
  return query === "" ? path : `${path}?${query}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

function seconds(text: string | null): number {
  return text !== null && /^\d{1,12}(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Number.NaN;
}

function oneOf<T extends string>(words: readonly T[], word: string | null): T | undefined {
  return words.find((known) => known === word);
}
