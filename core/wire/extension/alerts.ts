/** The answer to `alerts`: what is not fine at the moment, and the newest events. */
import {
  ALERT_EVENT_KINDS,
  type Alert,
  type AlertEvent,
  type AlertEventKind,
  type AlertState,
  SEVERITIES,
  type Severity,
} from "../../model/alert.js";
import type { XmlLimits } from "../xml/scanner.js";
import { type DocumentFacts, emptyTag, openDocument, openTag, type WritingFacts, writeDocument } from "./document.js";
import type { XmlElement } from "./element.js";
import { formatSeconds } from "./seconds.js";

export interface Alerts {
  readonly alerts: readonly Alert[];
  /** Newest first. */
  readonly events: readonly AlertEvent[];
}

export interface AlertsDocument extends DocumentFacts, Alerts {}

const STATES: readonly AlertState[] = ["pending", "firing", "recovering"];

export function writeAlerts(facts: WritingFacts, alerts: Alerts): Generator<string> {
  return writeDocument(facts, writeBody(alerts));
}

function* writeBody({ alerts, events }: Alerts): Generator<string> {
  yield "<ALERTS>\n";
  for (const alert of alerts) yield writeAlert(alert);
  for (const event of events) yield writeEvent(event);
  yield "</ALERTS>\n";
}

function writeAlert(alert: Alert): string {
  return `${emptyTag("ALERT", {
    TRIGGER: alert.trigger,
    CLUSTER: alert.cluster,
    HOST: alert.host,
    SEVERITY: alert.severity,
    STATE: alert.state,
    CONDITION: alert.condition,
    EVIDENCE: alert.evidence,
    ACTIVE_AT: formatSeconds(alert.activeAtMs),
    FIRED_AT: formatSeconds(alert.firedAtMs),
    EPISODE: alert.episode,
  })}\n`;
}

function writeEvent(event: AlertEvent): string {
  const open = openTag("EVENT", {
    SEQUENCE: event.sequence,
    TIME: formatSeconds(event.timeMs),
    KIND: event.kind,
    TRIGGER: event.trigger,
    CLUSTER: event.cluster,
    HOST: event.host,
    SEVERITY: event.severity,
    EPISODE: event.episode,
    MESSAGE: event.message,
  });
  const details = Object.entries(event.details).map(([name, value]) => emptyTag("DETAIL", { NAME: name, VAL: value }));
  return `${open}${details.join("")}</EVENT>\n`;
}

/**
 * Alerts and events in words of a later version (a new kind, a new state) are
 * passed over: an older reader shows what it understands.
 * @throws XmlError, ExtensionError, RefusedError as the other readers do
 */
export function readAlerts(document: string, limits?: XmlLimits): AlertsDocument {
  const { facts, body } = openDocument(document, "ALERTS", limits);
  return {
    ...facts,
    alerts: [...body.all("ALERT")].map(readAlert).filter((alert) => alert !== undefined),
    events: [...body.all("EVENT")].map(readEvent).filter((event) => event !== undefined),
  };
}

function readAlert(element: XmlElement): Alert | undefined {
  const severity = oneOf<Severity>(SEVERITIES, element.string("SEVERITY"));
  const state = oneOf<AlertState>(STATES, element.string("STATE"));
  if (severity === undefined || state === undefined) return undefined;
  return {
    trigger: element.string("TRIGGER"),
    cluster: element.string("CLUSTER"),
    host: element.string("HOST"),
    severity,
    state,
    condition: element.string("CONDITION"),
    evidence: element.string("EVIDENCE"),
    activeAtMs: element.ms("ACTIVE_AT"),
    firedAtMs: element.ms("FIRED_AT"),
    episode: element.string("EPISODE"),
  };
}

function readEvent(element: XmlElement): AlertEvent | undefined {
  const severity = oneOf<Severity>(SEVERITIES, element.string("SEVERITY"));
  const kind = oneOf<AlertEventKind>(ALERT_EVENT_KINDS, element.string("KIND"));
  if (severity === undefined || kind === undefined) return undefined;
  return {
    sequence: element.count("SEQUENCE"),
    timeMs: element.ms("TIME"),
    kind,
    trigger: element.string("TRIGGER"),
    cluster: element.string("CLUSTER"),
    host: element.string("HOST"),
    severity,
    episode: element.string("EPISODE"),
    message: element.string("MESSAGE"),
    details: Object.fromEntries(
      [...element.all("DETAIL")].map((detail) => [detail.string("NAME"), detail.string("VAL")]),
    ),
  };
}

export function oneOf<T extends string>(words: readonly T[], word: string): T | undefined {
  return words.find((known) => known === word);
}
