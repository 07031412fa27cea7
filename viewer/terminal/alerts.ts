/** `grate alerts`: what is not fine, one line for the hosts that share it, and the newest events. */
import type { Alert, AlertEvent, Severity } from "../../core/model/alert.js";
import { AlertBoard } from "../pull/alert-board.js";
import type { AlertsResult } from "../pull/client.js";
import { foldHosts } from "./host-list.js";
import { formatAge, formatTime, type OutputOptions } from "./output.js";
import { printable, printableJson } from "./printable.js";
import type { Tone } from "./style.js";
import { type Cell, formatTable, type TableColumn } from "./table.js";

const TONES: Readonly<Record<Severity, Tone>> = Object.freeze({ critical: "bad", warning: "warning", info: "plain" });

/** @param nowMs for ages, epoch ms */
export function formatAlerts(result: AlertsResult, nowMs: number, options: OutputOptions): string[] {
  const { alerts, events } = new AlertBoard(result);
  if (options.json) return [printableJson({ alerts: alerts.map(plainAlert), events: events.map(plainEvent) })];
  const lines = alerts.length === 0 && options.header ? ["no alerts"] : formatCurrent(alerts, nowMs, options);
  if (events.length === 0) return lines;
  return [...lines, ...(options.header ? [""] : []), ...formatEvents(events, options)];
}

function formatCurrent(alerts: readonly Alert[], nowMs: number, options: OutputOptions): string[] {
  const groups = new Map<string, [Alert, ...Alert[]]>();
  for (const alert of alerts) {
    const key = JSON.stringify([alert.trigger, alert.cluster, alert.state]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [alert]);
    else group.push(alert);
  }
  const several = new Set(alerts.map((alert) => alert.cluster)).size > 1;
  const columns: TableColumn[] = [
    { title: "SEVERITY" },
    { title: "STATE" },
    { title: "SINCE", align: "right" },
    { title: "TRIGGER", fit: "cut" },
    ...(several ? [{ title: "CLUSTER", fit: "cut" } as const] : []),
    { title: "HOSTS", fit: "wrap" },
    { title: "EVIDENCE", fit: "wrap" },
  ];
  const rows = [...groups.values()].map((group): (string | Cell)[] => {
    const [first] = group;
    const oldestMs = Math.min(...group.map((alert) => alert.firedAtMs || alert.activeAtMs));
    return [
      { text: first.severity, tone: TONES[first.severity] },
      first.state,
      formatAge(nowMs, oldestMs),
      first.trigger,
      ...(several ? [first.cluster] : []),
      foldHosts(group.map((alert) => printable(alert.host))),
      group.length === 1 ? first.evidence : first.condition,
    ];
  });
  return formatTable(columns, rows, options);
}

function formatEvents(events: readonly AlertEvent[], options: OutputOptions): string[] {
  const columns: TableColumn[] = [{ title: "TIME" }, { title: "EVENT" }, { title: "MESSAGE", fit: "wrap" }];
  const rows = events.map((event) => [formatTime(event.timeMs), event.kind, event.message]);
  return formatTable(columns, rows, options);
}

function plainAlert({ activeAtMs, firedAtMs, ...alert }: Alert): Record<string, unknown> {
  return { ...alert, activeAt: formatTime(activeAtMs), firedAt: formatTime(firedAtMs) };
}

function plainEvent({ timeMs, ...event }: AlertEvent): Record<string, unknown> {
  return { ...event, time: formatTime(timeMs) };
}
