/** `grate status`: how the collector is, what it reads, what it holds. */
import { formatDuration } from "../../core/model/duration.js";
import type { SourceState } from "../../core/model/source.js";
import type { CollectorReport } from "./control-client.js";
import { formatAge, formatTime, type OutputOptions } from "./output.js";
import { printable, printableJson } from "./printable.js";
import type { Tone } from "./style.js";
import { sumsTable } from "./sums.js";
import { type Cell, formatTable, type TableColumn, wrap } from "./table.js";

const TONES: Readonly<Record<SourceState, Tone>> = Object.freeze({
  starting: "warning",
  ok: "good",
  failing: "bad",
  stopped: "quiet",
});

/** Silence about faults would look like health. */
const WITHOUT_TOKEN =
  "NOTE: faults are told only to who can read the token in the collector's state directory (--state)";

/** @returns lines */
export function formatStatus(report: CollectorReport, options: OutputOptions): string[] {
  if (options.json) return [printableJson(plain(report))];
  // By the collector's own clock: its start, and how long ago that was.
  const nowMs = report.startedMs + report.uptimeMs;
  const blocks = [
    options.header ? facts(report, options.width) : [],
    sources(report, nowMs, options),
    clusters(report, nowMs, options),
    sumsTable(report.sums ?? [], nowMs, options),
  ].filter((block) => block.length > 0);
  return blocks.flatMap((block, i) => (i > 0 && options.header ? ["", ...block] : block));
}

function facts(report: CollectorReport, width: number): string[] {
  const up = formatDuration(Math.floor(report.uptimeMs / 1_000) * 1_000).replace(/^0ms$/, "0s");
  return [
    printable(`grate ${report.version}, up ${up}, frame ${report.frame}`),
    ...(report.faults === undefined ? [WITHOUT_TOKEN] : []),
    ...(report.faults ?? []).map((fault) => printable(`FAULT: ${fault}`)),
    ...(report.notes ?? []).map((note) => printable(`NOTE: ${note}`)),
  ].flatMap((line) => wrap(line, width));
}

function sources(report: CollectorReport, nowMs: number, options: OutputOptions): string[] {
  if (report.sources.length === 0) return options.header ? ["no sources"] : [];
  const columns: TableColumn[] = [
    { title: "SOURCE" },
    { title: "STATE" },
    { title: "LAST", align: "right" },
    { title: "FRAMES", align: "right" },
    { title: "FAILED", align: "right" },
    { title: "BAD", align: "right" },
    { title: "MESSAGE", fit: "wrap" },
  ];
  const rows = report.sources.map((source): (string | Cell)[] => [
    source.name,
    { text: source.state, tone: TONES[source.state] },
    formatAge(nowMs, source.lastFrameMs),
    String(source.frames),
    String(source.failures),
    String(source.malformed),
    [source.message === "" ? source.address : source.message, skewOf(source.skewMs)]
      .filter((part) => part !== "")
      .join("; "),
  ]);
  return formatTable(columns, rows, options);
}

/** A clock that is wrong moves no time, but its machine's logs. */
function skewOf(skewMs: number): string {
  if (skewMs === 0) return "";
  return `its clock is ${formatDuration(Math.abs(skewMs))} ${skewMs > 0 ? "ahead" : "behind"}`;
}

function clusters(report: CollectorReport, nowMs: number, options: OutputOptions): string[] {
  if (report.clusters.length === 0) {
    const isBare = (report.sums ?? []).length === 0;
    return options.header && isBare ? ["no clusters yet"] : [];
  }
  const columns: TableColumn[] = [
    { title: "CLUSTER", fit: "wrap" },
    { title: "UP", align: "right" },
    { title: "DOWN", align: "right" },
    { title: "METRICS", align: "right" },
    { title: "LAST", align: "right" },
  ];
  const rows = report.clusters.map((cluster): (string | Cell)[] => [
    cluster.name,
    String(cluster.hostsUp),
    { text: String(cluster.hostsDown), tone: cluster.hostsDown > 0 ? "bad" : "plain" },
    String(cluster.metrics),
    formatAge(nowMs, cluster.frameTimeMs),
  ]);
  return formatTable(columns, rows, options);
}

function plain(report: CollectorReport): Record<string, unknown> {
  const { startedMs, uptimeMs, sources, clusters, sums = [], ...rest } = report;
  return {
    ...rest,
    started: formatTime(startedMs),
    uptimeSeconds: Math.floor(uptimeMs / 1_000),
    sources: sources.map(({ lastFrameMs, ...source }) => ({ ...source, lastFrame: formatTime(lastFrameMs) })),
    clusters: clusters.map(({ frameTimeMs, ...cluster }) => ({ ...cluster, frameTime: formatTime(frameTimeMs) })),
    sums: sums.map(({ timeMs, ...one }) => ({ ...one, told: formatTime(timeMs) })),
  };
}
