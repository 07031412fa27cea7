/** All hosts at once: who is down, what fires, and one metric of everybody. */
import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { ClusterColumns, MetricChoice, OverviewAnswer } from "../../api/answers.js";
import { alignedFormat, formatAge } from "../lib/format.js";
import { countOf, type HostFilter, shownHosts } from "../lib/order.js";
import type { OverviewRoute } from "../lib/route.js";
import { scaleOf } from "../lib/scale.js";
import { shownSums } from "../lib/sums.js";
import { AlertLines } from "../parts/alert-line.jsx";
import { densityFor, HeatGrid, type Pointed } from "../parts/heat-grid.jsx";
import { Legend } from "../parts/legend.jsx";
import { MetricPicker } from "../parts/metric-picker.jsx";
import { SumsCards } from "../parts/sums-cards.jsx";
import { Tip } from "../parts/tip.jsx";
import { now } from "../state/clock.js";
import { link, overview } from "../state/live.js";
import { choose, go } from "../state/router.js";

/** A cluster whose newest frame is older says so beside its name: four polls of gmetad's default. */
const OLD_FRAME_MS = 60_000;

export function OverviewPage({ at }: { at: OverviewRoute }) {
  const data = overview.value;
  if (data === undefined) return <p class="empty quiet">Loading …</p>;
  const hosts = data.clusters.length > 0;
  if (!hosts && data.sums.length === 0) return <NoClusters />;
  const sums = hosts ? shownSums(data.sums, at) : data.sums;
  const clusters = data.clusters.filter((cluster) => at.cluster === undefined || cluster.name === at.cluster);
  return (
    <>
      <h1 class="hidden">Hosts</h1>
      {data.firing.length > 0 && <Firing data={data} />}
      {hosts ? <Toolbar at={at} data={data} clusters={clusters} /> : <SumsToolbar data={data} />}
      {hosts && <HeatMap at={at} data={data} clusters={clusters} />}
      {sums.length > 0 && <SumsCards sums={sums} metric={data.metric} units={choiceOf(data)?.units ?? ""} />}
    </>
  );
}

function choiceOf(data: OverviewAnswer): MetricChoice | undefined {
  return data.metrics.find((metric) => metric.name === data.metric);
}

function NoClusters() {
  return (
    <section class="empty">
      <h1>No hosts yet</h1>
      <p class="quiet">
        {link.value?.connected === true
          ? "The collector runs and has heard from nobody so far. The first frame shows up here by itself."
          : "Nothing is known before the collector answers."}
      </p>
    </section>
  );
}

function Firing({ data }: { data: OverviewAnswer }) {
  const more = data.counts.firing - data.firing.length;
  return (
    <section class="firing">
      <AlertLines alerts={data.firing} label="Alerts that fire" />
      {more > 0 && (
        <a class="more" href="/alerts">
          and {more} more
        </a>
      )}
    </section>
  );
}

const FILTERS: readonly { readonly filter: HostFilter; readonly label: string }[] = [
  { filter: "all", label: "All" },
  { filter: "up", label: "Up" },
  { filter: "down", label: "Down" },
  { filter: "stale", label: "Overdue" },
  { filter: "alert", label: "Alert" },
];

interface Props {
  readonly at: OverviewRoute;
  readonly data: OverviewAnswer;
  readonly clusters: readonly ClusterColumns[];
}

function Toolbar({ at, data, clusters }: Props) {
  const count = (filter: HostFilter) => clusters.reduce((sum, cluster) => sum + countOf(cluster, filter), 0);
  return (
    <div class="toolbar">
      <fieldset class="chips">
        <legend class="hidden">Show hosts</legend>
        {FILTERS.map(({ filter, label }) => (
          <button
            key={filter}
            type="button"
            class="chip"
            data-filter={filter}
            data-testid={`filter-${filter}`}
            data-count={count(filter)}
            aria-pressed={at.filter === filter}
            onClick={() => choose({ filter })}
          >
            {label} <b>{count(filter)}</b>
          </button>
        ))}
      </fieldset>
      <MetricPicker metrics={data.metrics} metric={data.metric} />
      {data.clusters.length > 1 && (
        <label class="field">
          <span>Cluster</span>
          <select
            value={at.cluster ?? ""}
            onChange={(event) => {
              const { cluster: _former, ...rest } = at;
              const cluster = event.currentTarget.value;
              go(cluster === "" ? rest : { ...rest, cluster });
            }}
          >
            <option value="">all {data.clusters.length}</option>
            {data.clusters.map((cluster) => (
              <option key={cluster.name} value={cluster.name}>
                {cluster.name}
              </option>
            ))}
          </select>
        </label>
      )}
      <label class="field">
        <span>Order</span>
        <select
          data-testid="sort"
          value={at.sort}
          onChange={(event) => choose({ sort: event.currentTarget.value === "value" ? "value" : "name" })}
        >
          <option value="name">by name</option>
          <option value="value">highest first</option>
        </select>
      </label>
      <Search at={at} />
    </div>
  );
}

/** Without a host there is nothing to filter, to order or to find. */
function SumsToolbar({ data }: { data: OverviewAnswer }) {
  return (
    <div class="toolbar">
      <MetricPicker metrics={data.metrics} metric={data.metric} />
    </div>
  );
}

function Search({ at }: { at: OverviewRoute }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof Element && event.target.closest("input, select, textarea") !== null;
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  return (
    <label class="field search">
      <span>Find</span>
      <input
        ref={input}
        type="search"
        data-testid="search"
        placeholder="host name  ( / )"
        autocomplete="off"
        spellcheck={false}
        value={at.search}
        onInput={(event) => choose({ search: event.currentTarget.value }, true)}
        onKeyDown={(event) => {
          if (event.key === "Escape") choose({ search: "" }, true);
        }}
      />
    </label>
  );
}

function HeatMap({ at, data, clusters }: Props) {
  // A signal, not a state: what the pointer is over must not draw a thousand cells anew.
  const pointed = useSignal<Pointed | undefined>(undefined);
  const choice = choiceOf(data);
  const units = choice?.units ?? "";
  const values = clusters.flatMap((cluster) => cluster.values);
  const scale = scaleOf(values, units);
  const whole = values.every((value) => value === null || Number.isInteger(value));
  const format = alignedFormat(Math.max(Math.abs(scale.min), Math.abs(scale.max)), units, whole);
  const shown = clusters.map((cluster) => ({
    cluster,
    order: shownHosts(cluster, at.sort, at.filter, at.search),
  }));
  const total = shown.reduce((sum, { order }) => sum + order.length, 0);
  const density = densityFor(clusters.reduce((sum, cluster) => sum + cluster.hosts.length, 0));
  return (
    <section class="map" data-dim={link.value?.connected === false ? "" : undefined} aria-label="Heat-map of hosts">
      <div class="map-head">
        <p class="map-title">
          <b>{data.metric ?? "no metric"}</b>
          {choice !== undefined && choice.title !== choice.name && <span class="quiet"> {choice.title}</span>}
        </p>
        <Legend scale={scale} units={units} />
      </div>
      {shown.map(({ cluster, order }) => (
        <section key={cluster.name} class="cluster" data-testid="cluster" data-cluster={cluster.name}>
          <h2>
            {cluster.name}
            <span class="quiet">
              {" "}
              {cluster.up} of {cluster.hosts.length} up
              <OldFrame frameTimeMs={cluster.frameTimeMs} />
            </span>
          </h2>
          <HeatGrid
            cluster={cluster}
            order={order}
            scale={scale}
            format={format}
            density={density}
            onPoint={(at) => {
              pointed.value = at;
            }}
          />
        </section>
      ))}
      {total === 0 && (
        <p class="empty quiet">
          No host matches.{" "}
          <button type="button" onClick={() => choose({ search: "", filter: "all" })}>
            Show all
          </button>
        </p>
      )}
      <PointedTip pointed={pointed} clusters={clusters} metric={data.metric ?? ""} units={units} />
    </section>
  );
}

/** Apart from the map, for it looks at the clock. */
function OldFrame({ frameTimeMs }: { frameTimeMs: number }) {
  const ageMs = now.value - frameTimeMs;
  return frameTimeMs > 0 && ageMs > OLD_FRAME_MS ? <> · newest data {formatAge(ageMs)} old</> : null;
}

interface PointedTipProps {
  readonly pointed: ReadonlySignal<Pointed | undefined>;
  readonly clusters: readonly ClusterColumns[];
  readonly metric: string;
  readonly units: string;
}

function PointedTip({ pointed, clusters, metric, units }: PointedTipProps) {
  const at = pointed.value;
  const cluster = clusters.find((one) => one.name === at?.cluster);
  if (at === undefined || cluster?.hosts[at.position] === undefined) return null;
  return <Tip pointed={at} cluster={cluster} metric={metric} units={units} />;
}
