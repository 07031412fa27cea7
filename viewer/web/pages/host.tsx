/** One host: what it is, what is wrong with it, and every metric over time. */
import { useEffect, useRef, useState } from "preact/hooks";
import { isStale } from "../../../core/model/liveness.js";
import type { HostAnswer, HostMetric, HostTick } from "../../api/answers.js";
import type { ChartWindow } from "../chart/time-chart.js";
import { formatAge, formatDateTime, formatValue } from "../lib/format.js";
import { factsOf, groupsOf, isInstant } from "../lib/metric-groups.js";
import { DEFAULT_RANGE, type HostRoute, type Range } from "../lib/route.js";
import { AlertLines } from "../parts/alert-line.jsx";
import { ChartFigure } from "../parts/chart-figure.jsx";
import { RangeBar } from "../parts/range-bar.jsx";
import { ApiError, getHost } from "../state/api.js";
import { now, serverNowMs } from "../state/clock.js";
import { alertsVersion, hostTick, link, missed } from "../state/live.js";
import { go } from "../state/router.js";
import { NotFoundPage } from "./not-found.jsx";

export function HostPage({ at }: { at: HostRoute }) {
  const { answer, error } = useHost(at.cluster, at.host);
  if (answer === undefined) {
    if (error?.status === 404) return <NotFoundPage what="host" detail={error.message} />;
    return <p class="empty quiet">{error === undefined ? "Loading …" : error.message}</p>;
  }
  return (
    <article class="host-page" data-testid="host-page" data-host={at.host} data-state={answer.state}>
      <Head answer={answer} />
      {answer.alerts.length > 0 && <AlertLines alerts={answer.alerts} label="Alerts of this host" own />}
      <Facts answer={answer} />
      <Charts at={at} answer={answer} />
    </article>
  );
}

function Head({ answer }: { answer: HostAnswer }) {
  const { facts, state, reportedMs } = answer;
  const judged = link.value?.connected !== false;
  return (
    <header class="host-head">
      <nav aria-label="Where this host is">
        <a href={`/?cluster=${encodeURIComponent(answer.cluster)}`}>{answer.cluster}</a>
        <span aria-hidden="true"> / </span>
      </nav>
      <h1>{facts.name}</h1>
      <span class="state" data-state={state} data-testid="host-state">
        {judged ? state : `was ${state}`}
      </span>
      <span class="quiet" title={formatDateTime(reportedMs)}>
        {reportedMs > 0 ? `heard ${formatAge(now.value - reportedMs)} ago` : "never heard"}
      </span>
    </header>
  );
}

function Facts({ answer }: { answer: HostAnswer }) {
  const { facts, metrics } = answer;
  const rows: { name: string; label: string; text: string }[] = [];
  const add = (label: string, text: string) => {
    if (text !== "" && text !== "unspecified") rows.push({ name: "", label, text });
  };
  if (facts.ip !== facts.name) add("Address", facts.ip);
  add("Location", facts.location);
  add("Tags", facts.tags);
  if (facts.startedS > 0) add("Agent started", formatDateTime(facts.startedS * 1_000));
  for (const metric of factsOf(metrics)) {
    rows.push({ name: metric.name, label: metric.title, text: factText(metric) });
  }
  if (rows.length === 0) return null;
  return (
    <dl class="facts" data-testid="facts">
      {rows.map(({ name, label, text }) => (
        <div key={label + name} data-testid="fact" data-metric={name}>
          <dt>{label}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

function factText(metric: HostMetric): string {
  const { value, units } = metric;
  if (typeof value !== "number") return value === null || value === "" ? "–" : value;
  return isInstant(metric) && value > 0 ? formatDateTime(value * 1_000) : formatValue(value, units);
}

function Charts({ at, answer }: { at: HostRoute; answer: HostAnswer }) {
  const { range } = at;
  const live = useRef<Range>(DEFAULT_RANGE);
  if ("lastMs" in range) live.current = range;
  const window = useWindow(range);
  const setRange = (chosen: Range) => go({ ...at, range: chosen });
  return (
    <>
      <RangeBar range={range} window={window} onChange={setRange} />
      {groupsOf(answer.metrics).map(({ name, own, metrics }) => (
        <details key={name} class="group" data-testid="group" data-group={name} open={!own}>
          <summary>
            <h2>{name}</h2> <span class="quiet">{metrics.length}</span>
          </summary>
          <div class="charts">
            {metrics.map((metric) => (
              <ChartFigure
                key={metric.name}
                series={{ cluster: answer.cluster, host: answer.facts.name, metric: metric.name }}
                metric={metric}
                range={range}
                window={window}
                onZoom={setRange}
                onReset={() => setRange(live.current)}
              />
            ))}
          </div>
        </details>
      ))}
    </>
  );
}

/** The range as two instants; one that ends now moves on with every tick. */
function useWindow(range: Range): ChartWindow {
  const tick = hostTick.value?.nowMs ?? 0;
  if ("fromMs" in range) return range;
  const toMs = Math.max(tick, Math.floor(serverNowMs() / 15_000) * 15_000);
  return { fromMs: toMs - range.lastMs, toMs };
}

function useHost(cluster: string, host: string): { answer: HostAnswer | undefined; error: ApiError | undefined } {
  const [answer, setAnswer] = useState<HostAnswer | undefined>(undefined);
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const [stale, setStale] = useState(0);
  const reread = missed.value + alertsVersion.value + stale;
  const tick = hostTick.value;

  useEffect(() => {
    const stopping = new AbortController();
    getHost(cluster, host, stopping.signal).then(
      (got) => {
        setAnswer(got);
        setError(undefined);
      },
      (failure: unknown) => {
        if (stopping.signal.aborted) return;
        const known = failure instanceof ApiError ? failure : new ApiError(0, String(failure));
        setError(known);
        if (known.status === 404) setAnswer(undefined);
      },
    );
    return () => stopping.abort();
  }, [cluster, host, reread]);

  useEffect(() => {
    if (tick === undefined || answer === undefined) return;
    if (tick.layout !== answer.layout) setStale(stale + 1);
    else setAnswer(withTick(answer, tick));
  }, [tick]);

  return { answer, error };
}

function withTick(answer: HostAnswer, tick: HostTick): HostAnswer {
  const changed = new Map(tick.metrics.map((metric) => [metric.name, metric]));
  return {
    ...answer,
    state: tick.state,
    reportedMs: tick.reportedMs,
    metrics: answer.metrics.map((metric) => {
      const change = changed.get(metric.name);
      // A metric may exist as text and as number; a value of the other kind is not this one's.
      const fits = change !== undefined && (typeof change.value === "string") === (metric.type === "string");
      const { value, timeMs } = fits ? change : metric;
      return { ...metric, value, timeMs, stale: isStale((tick.nowMs - timeMs) / 1_000, metric.tmaxS) };
    }),
  };
}
