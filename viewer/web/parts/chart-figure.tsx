/** One metric over time: a chart when it comes into view, its numbers beside it, and the same as a table. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { HistoryAnswer, HostMetric } from "../../api/answers.js";
import type { ChartWindow, TimeChart } from "../chart/time-chart.js";
import { formatAge, formatTime, formatValue } from "../lib/format.js";
import type { Range } from "../lib/route.js";
import { type ChartData, chartData, collectorQuery, joinTail, stepFor, summaryOf, tailFromMs } from "../lib/series.js";
import { getHistory, type SeriesName } from "../state/api.js";
import { now } from "../state/clock.js";
import { HistoryTable } from "./history-table.jsx";

interface Props {
  readonly series: SeriesName;
  readonly metric: HostMetric;
  readonly range: Range;
  /** What all charts of the page show. */
  readonly window: ChartWindow;
  readonly onZoom: (window: ChartWindow) => void;
  readonly onReset: () => void;
}

/** Charts are made this long before one scrolls to them. */
const AHEAD_PX = 400;
/** With steps, a new value changes only the last bucket: no need to ask for each. */
const TAIL_EVERY_MS = 60_000;
/** Arrow with Control, or Page Up and Down. */
const FAR = 10;

export function ChartFigure({ series, metric, range, window, onZoom, onReset }: Props) {
  const figure = useRef<HTMLElement>(null);
  const seen = useSeen(figure);
  const { history, error } = useHistory(series, range, window, metric.timeMs, seen);
  const [table, setTable] = useState(false);
  const summary = history === undefined ? undefined : summaryOf(history);
  const show = (value: number | undefined) => formatValue(value, metric.units);
  const title = metric.title === metric.name ? undefined : metric.title;
  return (
    <figure
      ref={figure}
      class="chart"
      data-testid="chart"
      data-metric={metric.name}
      data-query={history === undefined ? undefined : collectorQuery(history)}
    >
      <figcaption>
        <span class="chart-name" title={metric.description || undefined}>
          <b>{metric.name}</b>
          {title !== undefined && <span class="quiet"> {title}</span>}
        </span>
        <span
          class="chart-now"
          data-testid="metric-value"
          data-metric={metric.name}
          data-value={metric.value ?? ""}
          data-stale={metric.stale ? "" : undefined}
          title={`${metric.value ?? ""} ${metric.units}`.trim()}
        >
          {formatValue(typeof metric.value === "number" ? metric.value : null, metric.units)}
        </span>
      </figcaption>
      {table && history !== undefined ? (
        <HistoryTable history={history} metric={metric} />
      ) : (
        <Plot
          history={history}
          metric={metric}
          window={window}
          onZoom={onZoom}
          onReset={onReset}
          label={`${metric.name} over time, now ${show(summary?.last)}, from ${show(summary?.min)} to ${show(summary?.max)}. Arrow keys read single values.`}
        />
      )}
      <div class="chart-foot">
        {error !== "" ? (
          <span data-tone="critical">{error}</span>
        ) : (
          <span class="quiet">
            {summary === undefined
              ? history === undefined
                ? "…"
                : "no values in this time"
              : `min ${show(summary.min)} · avg ${show(summary.avg)} · max ${show(summary.max)}`}
          </span>
        )}
        {metric.stale && <span data-tone="stale">overdue, {formatAge(now.value - metric.timeMs)} old</span>}
        <button
          type="button"
          class="link"
          data-testid="show-table"
          aria-pressed={table}
          aria-label={`${metric.name} as a table`}
          onClick={() => setTable(!table)}
        >
          {table ? "Chart" : "Table"}
        </button>
      </div>
    </figure>
  );
}

interface PlotProps {
  readonly history: HistoryAnswer | undefined;
  readonly metric: HostMetric;
  readonly window: ChartWindow;
  readonly label: string;
  readonly onZoom: (window: ChartWindow) => void;
  readonly onReset: () => void;
}

function Plot({ history, metric, window, label, onZoom, onReset }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLOutputElement>(null);
  const spoken = useRef<HTMLParagraphElement>(null);
  const chart = useRef<TimeChart | undefined>(undefined);
  const drawn = useRef<ChartData>({ timesS: [], values: [] });
  /** The newest of what callbacks of a long-lived chart need. */
  const latest = useRef({ window, onZoom, onReset });
  latest.current = { window, onZoom, onReset };

  const textAt = (index: number | undefined): string => {
    const { timesS, values, min, max } = drawn.current;
    const timeS = index === undefined ? undefined : timesS[index];
    if (index === undefined || timeS === undefined) return "";
    const show = (value: number | null | undefined) => formatValue(value, metric.units);
    const band = min === undefined ? "" : ` (${show(min[index])} to ${show(max?.[index])})`;
    return `${formatTime(timeS * 1_000, now.peek())}  ${show(values[index])}${band}`;
  };

  useEffect(() => {
    if (history === undefined) return;
    drawn.current = chartData(history, metric.tmaxS);
    if (chart.current !== undefined) {
      chart.current.setData(drawn.current, window);
      return;
    }
    let gone = false;
    void import("../chart/time-chart.js").then(({ TimeChart }) => {
      if (gone || box.current === null || chart.current !== undefined) return;
      chart.current = new TimeChart({
        element: box.current,
        units: metric.units,
        data: drawn.current,
        window: latest.current.window,
        onCursor: (index) => {
          if (readout.current !== null) readout.current.textContent = textAt(index);
        },
        onZoom: (zoomed) => latest.current.onZoom(zoomed),
        onReset: () => latest.current.onReset(),
      });
    });
    return () => {
      gone = true;
    };
  }, [history, window.fromMs, window.toMs]);

  useEffect(
    () => () => {
      chart.current?.destroy();
      chart.current = undefined;
    },
    [],
  );

  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Readonly<Record<string, number>> = {
      ArrowLeft: event.ctrlKey ? -FAR : -1,
      ArrowRight: event.ctrlKey ? FAR : 1,
      PageUp: -FAR,
      PageDown: FAR,
      Home: Number.NEGATIVE_INFINITY,
      End: Number.POSITIVE_INFINITY,
    };
    const by = steps[event.key];
    if (event.key === "Escape") chart.current?.hideCursor();
    if (by === undefined) return;
    event.preventDefault();
    chart.current?.moveCursor(by);
    // The cursor is set in the next frame.
    setTimeout(() => {
      if (spoken.current !== null) spoken.current.textContent = readout.current?.textContent ?? "";
    }, 50);
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div
      class="plot"
      role="group"
      aria-roledescription="chart"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move the cursor in it
      tabIndex={0}
      onKeyDown={onKeyDown}
      onBlur={() => chart.current?.hideCursor()}
    >
      <div class="plot-box" ref={box} />
      <output class="readout" ref={readout} aria-hidden="true" />
      <p class="hidden" aria-live="polite" ref={spoken} />
    </div>
  );
}

/** @returns true from the first moment at which the element is near what is looked at */
function useSeen(element: { readonly current: HTMLElement | null }): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (element.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        setSeen(true);
        observer.disconnect();
      },
      { rootMargin: `${AHEAD_PX}px` },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return seen;
}

/** What is known in the range, and its continuation with each new value while the range ends now. */
function useHistory(series: SeriesName, range: Range, window: ChartWindow, newestMs: number, wanted: boolean) {
  const [history, setHistory] = useState<HistoryAnswer | undefined>(undefined);
  const [error, setError] = useState("");
  const held = useRef<{ history: HistoryAnswer; newestMs: number } | undefined>(undefined);
  const key = "lastMs" in range ? `last ${range.lastMs}` : `${range.fromMs} ${range.toMs}`;

  useEffect(() => {
    if (!wanted) return;
    const stopping = new AbortController();
    held.current = undefined;
    getHistory(series, range, undefined, stopping.signal).then(
      (answer) => {
        held.current = { history: answer, newestMs };
        setHistory(answer);
        setError("");
      },
      (failure: unknown) => {
        if (!stopping.signal.aborted) setError(failure instanceof Error ? failure.message : String(failure));
      },
    );
    return () => stopping.abort();
  }, [wanted, key]);

  useEffect(() => {
    const known = held.current;
    if (known === undefined || !("lastMs" in range) || newestMs <= known.newestMs) return;
    if (stepFor(range.lastMs) !== undefined && newestMs - known.newestMs < TAIL_EVERY_MS) return;
    const stopping = new AbortController();
    getHistory(series, range, tailFromMs(known.history), stopping.signal).then(
      (tail) => {
        if (held.current !== known) return;
        const joined = joinTail(known.history, tail, window.fromMs);
        held.current = { history: joined, newestMs };
        setHistory(joined);
      },
      // The next value asks again.
      () => {},
    );
    return () => stopping.abort();
  }, [newestMs]);

  return { history, error };
}
