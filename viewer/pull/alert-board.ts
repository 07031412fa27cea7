/** The alerts of the newest answer, counted and found by host. */
import type { Alert, AlertEvent, Severity } from "../../core/model/alert.js";
import { ALERT_LETTER, type AlertCounts } from "../api/answers.js";
import type { AlertsResult } from "./client.js";

const GRAVITY: Readonly<Record<Severity, number>> = Object.freeze({ info: 1, warning: 2, critical: 3 });

export class AlertBoard {
  /** Firing before pending, gravest first, then newest, then by name: the same alerts always stand in the same order. */
  readonly alerts: readonly Alert[];
  readonly events: readonly AlertEvent[];
  readonly counts: AlertCounts;
  readonly #byHost = new Map<string, Alert[]>();

  constructor(result: AlertsResult = { alerts: [], events: [] }) {
    this.alerts = [...result.alerts].sort(byGravity);
    this.events = result.events;
    const firing = this.alerts.filter(isFiring);
    const count = (severity: Severity) => firing.filter((alert) => alert.severity === severity).length;
    this.counts = {
      firing: firing.length,
      pending: this.alerts.length - firing.length,
      critical: count("critical"),
      warning: count("warning"),
      info: count("info"),
    };
    for (const alert of this.alerts) {
      const key = hostKey(alert.cluster, alert.host);
      const known = this.#byHost.get(key);
      if (known === undefined) this.#byHost.set(key, [alert]);
      else known.push(alert);
    }
  }

  ofHost(cluster: string, host: string): readonly Alert[] {
    return this.#byHost.get(hostKey(cluster, host)) ?? [];
  }

  /** @returns the ALERT_LETTER of the gravest alert that fires on the host */
  letter(cluster: string, host: string): string {
    const gravest = this.#byHost.get(hostKey(cluster, host))?.find(isFiring);
    return ALERT_LETTER[gravest?.severity ?? "no"];
  }

  /** Says the same as the other, so that nobody needs to be told. */
  sameAs(other: AlertBoard): boolean {
    return (
      this.events[0]?.sequence === other.events[0]?.sequence &&
      this.alerts.length === other.alerts.length &&
      this.alerts.every((alert, i) => sameAlert(alert, other.alerts[i]))
    );
  }
}

/** A recovering alert has fired and is not over yet. */
export function isFiring(alert: Alert): boolean {
  return alert.state !== "pending";
}

function byGravity(a: Alert, b: Alert): number {
  return (
    Number(isFiring(b)) - Number(isFiring(a)) ||
    GRAVITY[b.severity] - GRAVITY[a.severity] ||
    b.activeAtMs - a.activeAtMs ||
    compareText(a.cluster, b.cluster) ||
    compareText(a.host, b.host) ||
    compareText(a.trigger, b.trigger)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function sameAlert(a: Alert, b: Alert | undefined): boolean {
  return (
    b !== undefined &&
    a.trigger === b.trigger &&
    a.cluster === b.cluster &&
    a.host === b.host &&
    a.severity === b.severity &&
    a.state === b.state &&
    a.condition === b.condition &&
    a.evidence === b.evidence &&
    a.episode === b.episode
  );
}

/** No name holds a NUL. */
function hostKey(cluster: string, host: string): string {
  return `${cluster}\0${host}`;
}
