/** What the trigger engine tells the rest of the world. */

export const SEVERITIES = ["info", "warning", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** inactive and resolved pairs are not listed: a pair without an alert is fine. */
export type AlertState = "pending" | "firing" | "recovering";

/** One trigger on one host that is not fine at the moment. */
export interface Alert {
  readonly trigger: string;
  readonly cluster: string;
  readonly host: string;
  readonly severity: Severity;
  readonly state: AlertState;
  /** The condition as configured, for example "cpu_temp > 70". */
  readonly condition: string;
  /** What the condition looked at last: "cpu_temp = 85 Celsius". */
  readonly evidence: string;
  /** Since when the condition holds, epoch ms on frame time. */
  readonly activeAtMs: number;
  /** When it began to fire; 0 while pending. */
  readonly firedAtMs: number;
  /** Names one episode from firing to its end, unique for ever; "" while pending. */
  readonly episode: string;
}

/** What can happen in the life of an alert. */
export const ALERT_EVENT_KINDS = [
  "fired",
  "resolved",
  "expired",
  "notice-sent",
  "notice-failed",
  "command-started",
  "command-finished",
  "command-refused",
  "command-unknown",
] as const;
export type AlertEventKind = (typeof ALERT_EVENT_KINDS)[number];

/** One line of the history; never changed once written. */
export interface AlertEvent {
  /** Grows by one with each event of a collector, over restarts. */
  readonly sequence: number;
  /** Epoch ms, engine clock. */
  readonly timeMs: number;
  readonly kind: AlertEventKind;
  readonly trigger: string;
  readonly cluster: string;
  readonly host: string;
  readonly severity: Severity;
  readonly episode: string;
  /** One line for a person. */
  readonly message: string;
  /** Particulars by kind: evidence, receiver, argv (JSON), exitCode, output, error ... */
  readonly details: Readonly<Record<string, string>>;
}
