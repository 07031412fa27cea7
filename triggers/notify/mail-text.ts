/** A notice in words: the subject and the plain text of a mail. */
import { formatDuration } from "../../core/model/duration.js";
import { printable } from "../printable.js";
import type { Notice, NoticeItem, NoticeKind } from "./notice.js";

export interface NoticeText {
  /** One line without control characters. */
  readonly subject: string;
  readonly body: string;
}

/** A mail about a dead cluster must still be read on a telephone. */
export const HOSTS_LISTED_MAX = 50;

const NAME_SHOWN_MAX = 100;
const CONDITION_SHOWN_MAX = 1_000;

const KIND_WORDS: Readonly<Record<NoticeKind, { subject: string; one: string; many: string }>> = {
  fired: { subject: "FIRING", one: "is firing on", many: "is firing on" },
  resolved: { subject: "RESOLVED", one: "is over on", many: "is over on" },
  expired: { subject: "EXPIRED", one: "ended without recovery on", many: "ended without recovery on" },
  closed: { subject: "CLOSED", one: "is not watched any more on", many: "is not watched any more on" },
};

export function noticeText(notice: Notice): NoticeText {
  const words = KIND_WORDS[notice.kind];
  const cluster = printable(notice.cluster, NAME_SHOWN_MAX);
  const [first] = notice.items;
  const single = notice.items.length === 1 && first !== undefined;
  const where = single ? printable(first.host, NAME_SHOWN_MAX) : `${notice.items.length} hosts`;
  const subject = `[grate] ${words.subject} ${notice.severity}: ${notice.trigger} on ${where} (${cluster})`;
  const lines = [
    `${notice.trigger} ${single ? words.one : words.many} ${where} of cluster ${cluster}.`,
    "",
    ...(notice.reason === "" ? [] : [`Reason:    ${printable(notice.reason, CONDITION_SHOWN_MAX)}`]),
    ...(single ? [] : [`Hosts:     ${notice.items.length}`]),
    `Trigger:   ${notice.trigger}`,
    `Condition: ${conditionLine(notice)}`,
    `Severity:  ${notice.severity}`,
    `Cluster:   ${cluster}`,
    ...(single ? oneHost(notice.kind, first) : manyHosts(notice)),
    "",
    ...(notice.unrecorded
      ? ["Grate could not write its journal when this was decided; after a restart you may be told again.", ""]
      : []),
  ];
  return { subject, body: lines.join("\n") };
}

function conditionLine({ condition, forMs }: Notice): string {
  const shown = printable(condition, CONDITION_SHOWN_MAX);
  return forMs > 0 ? `${shown}, for ${formatDuration(forMs)}` : shown;
}

function oneHost(kind: NoticeKind, item: NoticeItem): string[] {
  return [
    `Host:      ${printable(item.host, NAME_SHOWN_MAX)}`,
    `Value:     ${item.evidence}`,
    `Since:     ${since(item)}`,
    `Fired:     ${instant(item.firedAtMs)}`,
    ...(kind === "fired" ? [] : [`Ended:     ${instant(item.endedAtMs)}, after ${lasted(item)}`]),
    `Episode:   ${item.episode}`,
  ];
}

function manyHosts({ kind, items }: Notice): string[] {
  const listed = items
    .slice(0, HOSTS_LISTED_MAX)
    .flatMap((item) => [
      `  ${printable(item.host, NAME_SHOWN_MAX)}: ${item.evidence}`,
      kind === "fired"
        ? `    since ${since(item)}, episode ${item.episode}`
        : `    from ${instant(item.firedAtMs)} to ${instant(item.endedAtMs)}, ${lasted(item)}, episode ${item.episode}`,
    ]);
  const more = items.length - HOSTS_LISTED_MAX;
  return ["", ...listed, ...(more > 0 ? [`  and ${more} more`] : [])];
}

/** "2026-11-21T20:00:00Z (1m 30s)": when it began to hold, and how long before it fired that was. */
function since(item: NoticeItem): string {
  const heldMs = item.firedAtMs - item.activeAtMs;
  return heldMs > 0
    ? `${instant(item.activeAtMs)} (${formatDuration(heldMs)} before it fired)`
    : instant(item.activeAtMs);
}

function lasted(item: NoticeItem): string {
  return formatDuration(Math.max(0, item.endedAtMs - item.firedAtMs));
}

function instant(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, "Z");
}
