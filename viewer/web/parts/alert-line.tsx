/** One alert in a line or row: what, where, since when. */
import type { Alert } from "../../../core/model/alert.js";
import { formatAge, formatDateTime } from "../lib/format.js";
import { hostPath } from "../lib/route.js";
import { now } from "../state/clock.js";

const SEVERITY_GLYPHS = { critical: "▲", warning: "◆", info: "●" } as const;

export function Severity({ severity }: { severity: Alert["severity"] }) {
  return (
    <span class="severity" data-severity={severity}>
      <span aria-hidden="true">{SEVERITY_GLYPHS[severity]}</span> {severity}
    </span>
  );
}

/** Alerts above everything else; the first is the gravest. */
export function AlertLines({ alerts, label, own = false }: { alerts: readonly Alert[]; label: string; own?: boolean }) {
  return (
    <ul class={own ? "alert-lines own" : "alert-lines"} data-severity={alerts[0]?.severity} aria-label={label}>
      {alerts.map((alert) => (
        <AlertLine key={`${alert.trigger}\0${alert.cluster}\0${alert.host}`} alert={alert} own={own} />
      ))}
    </ul>
  );
}

/** @param own the page is that of the host: no need to name it */
function AlertLine({ alert, own }: { alert: Alert; own: boolean }) {
  const sinceMs = alert.firedAtMs || alert.activeAtMs;
  return (
    <li
      class="alert-line"
      data-testid="alert-line"
      data-severity={alert.severity}
      data-state={alert.state}
      data-trigger={alert.trigger}
      data-host={alert.host}
    >
      <Severity severity={alert.severity} />
      <span class="quiet" title={formatDateTime(sinceMs)}>
        {formatAge(now.value - sinceMs)}
      </span>
      <b>{alert.trigger}</b>
      {!own && <a href={hostPath(alert.cluster, alert.host)}>{alert.host}</a>}
      <span class="evidence">
        {alert.evidence}
        {alert.state !== "firing" && <span class="quiet"> ({alert.state})</span>}
      </span>
    </li>
  );
}
