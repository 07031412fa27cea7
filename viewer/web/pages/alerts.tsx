/** What is wrong now, and what happened: alerts, notices, and what commands did. */
import { useEffect, useState } from "preact/hooks";
import type { Alert, AlertEvent } from "../../../core/model/alert.js";
import type { AlertsAnswer } from "../../api/answers.js";
import { KIND_WORDS, showArgv } from "../lib/details.js";
import { formatAge, formatDateTime } from "../lib/format.js";
import { hostPath } from "../lib/route.js";
import { Severity } from "../parts/alert-line.jsx";
import { ApiError, getAlerts } from "../state/api.js";
import { now } from "../state/clock.js";
import { alertsVersion, missed } from "../state/live.js";

/** After a failure the page asks again by itself: the next change of an alert may be days away. */
const RETRY_MS = 5_000;

export function AlertsPage() {
  const [answer, setAnswer] = useState<AlertsAnswer | undefined>(undefined);
  const [older, setOlder] = useState<{ events: readonly AlertEvent[]; more: boolean } | undefined>(undefined);
  const [error, setError] = useState("");
  const [attempt, setAttempt] = useState(0);
  const version = alertsVersion.value + missed.value;

  useEffect(() => {
    let gone = false;
    let retry: number | undefined;
    getAlerts().then(
      (got) => {
        if (gone) return;
        setAnswer(got);
        setError("");
      },
      (failure: unknown) => {
        if (gone) return;
        setError(failure instanceof ApiError ? failure.message : String(failure));
        retry = window.setTimeout(() => setAttempt((before) => before + 1), RETRY_MS);
      },
    );
    return () => {
      gone = true;
      window.clearTimeout(retry);
    };
  }, [version, attempt]);

  if (answer === undefined) return <p class="empty quiet">{error || "Loading …"}</p>;
  const events = joined(answer.events, older?.events ?? []);
  const last = events.at(-1);
  return (
    <>
      <h1>Alerts</h1>
      <Current alerts={answer.alerts} />
      <h2>History</h2>
      <History events={events} />
      {(older?.more ?? answer.more) && last !== undefined && (
        <button
          type="button"
          class="button"
          onClick={() => {
            getAlerts(last.sequence).then(
              (got) => setOlder({ events: [...(older?.events ?? []), ...got.events], more: got.more }),
              (failure: unknown) => setError(failure instanceof Error ? failure.message : String(failure)),
            );
          }}
        >
          Older
        </button>
      )}
      {error !== "" && <p data-tone="critical">{error}</p>}
    </>
  );
}

/** The newest move on while older ones stay: each sequence once, newest first. */
function joined(newest: readonly AlertEvent[], older: readonly AlertEvent[]): AlertEvent[] {
  const last = newest.at(-1)?.sequence ?? Number.POSITIVE_INFINITY;
  return [...newest, ...older.filter((event) => event.sequence < last)];
}

function Current({ alerts }: { alerts: readonly Alert[] }) {
  if (alerts.length === 0) {
    return (
      <p class="all-well" data-testid="no-alerts">
        <span aria-hidden="true">✓</span> Nothing fires and nothing is pending.
      </p>
    );
  }
  return (
    <div class="table-box plain">
      <table class="alerts" data-testid="alerts">
        <thead>
          <tr>
            <th scope="col">Severity</th>
            <th scope="col">Trigger</th>
            <th scope="col">Host</th>
            <th scope="col">Condition and last value</th>
            <th scope="col">State</th>
            <th scope="col">Since</th>
          </tr>
        </thead>
        <tbody>
          {alerts.map((alert) => (
            <tr
              key={`${alert.trigger}\0${alert.cluster}\0${alert.host}`}
              data-testid="alert-row"
              data-trigger={alert.trigger}
              data-cluster={alert.cluster}
              data-host={alert.host}
              data-severity={alert.severity}
              data-state={alert.state}
            >
              <td>
                <Severity severity={alert.severity} />
              </td>
              <th scope="row">{alert.trigger}</th>
              <td>
                <a href={hostPath(alert.cluster, alert.host)}>{alert.host}</a>{" "}
                <span class="quiet">{alert.cluster}</span>
              </td>
              <td>
                <code>{alert.condition}</code>
                <span class="evidence">{alert.evidence}</span>
              </td>
              <td>
                <span class="alert-state" data-state={alert.state}>
                  {alert.state}
                </span>
              </td>
              <td class="when" title={formatDateTime(alert.firedAtMs || alert.activeAtMs)}>
                {formatAge(now.value - (alert.firedAtMs || alert.activeAtMs))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function History({ events }: { events: readonly AlertEvent[] }) {
  if (events.length === 0) return <p class="quiet">Nothing has happened yet.</p>;
  return (
    <ol class="events" data-testid="events">
      {events.map((event) => (
        <Event key={event.sequence} event={event} />
      ))}
    </ol>
  );
}

/** Shown in a form of their own. */
const SHOWN_APART = new Set(["argv", "output", "exitCode"]);

function Event({ event }: { event: AlertEvent }) {
  const [open, setOpen] = useState(false);
  const kind = KIND_WORDS[event.kind] ?? { text: event.kind, tone: "quiet" };
  const { exitCode } = event.details;
  const failed = exitCode !== undefined && exitCode !== "0";
  return (
    <li
      data-testid="event-row"
      data-sequence={event.sequence}
      data-kind={event.kind}
      data-trigger={event.trigger}
      data-host={event.host}
    >
      <div class="event-line">
        <time dateTime={new Date(event.timeMs).toISOString()}>{formatDateTime(event.timeMs)}</time>
        <span class="kind" data-tone={failed ? "bad" : kind.tone}>
          {kind.text}
          {exitCode !== undefined && ` (exit ${exitCode})`}
        </span>
        <b>{event.trigger}</b>
        <a href={hostPath(event.cluster, event.host)}>{event.host}</a>
        <span class="message">{event.message}</span>
        {Object.keys(event.details).length > 0 && (
          <button
            type="button"
            class="link"
            data-testid="event-expand"
            aria-expanded={open}
            aria-label={`Details of event ${event.sequence}`}
            onClick={() => setOpen(!open)}
          >
            {open ? "Less" : "More"}
          </button>
        )}
      </div>
      {open && <Details event={event} />}
    </li>
  );
}

function Details({ event }: { event: AlertEvent }) {
  const { argv, output, exitCode } = event.details;
  const others = Object.entries(event.details).filter(([name]) => !SHOWN_APART.has(name));
  return (
    <dl class="details" data-testid="event-details">
      {others.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      {argv !== undefined && (
        <div>
          <dt>ran</dt>
          <dd>
            <code data-testid="event-argv">{showArgv(argv)}</code>
          </dd>
        </div>
      )}
      {exitCode !== undefined && (
        <div>
          <dt>exit code</dt>
          <dd data-testid="event-exit">{exitCode}</dd>
        </div>
      )}
      {output !== undefined && (
        <div>
          <dt>output</dt>
          <dd>
            <pre data-testid="event-output">{output === "" ? "(none)" : output}</pre>
          </dd>
        </div>
      )}
    </dl>
  );
}
