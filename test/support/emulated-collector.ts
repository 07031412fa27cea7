/**
 * A collector that is not there: N hosts whose values are a function of host,
 * metric and time, so that the present and the history always agree. Things
 * happen on it by request: hosts fall silent, alerts fire, the collector restarts.
 */
import type { Clock, Timer } from "../../core/base/clock.js";
import type { Alert, AlertEvent } from "../../core/model/alert.js";
import { newHostFacts } from "../../core/model/host.js";
import { kindOf, type MetricMeta } from "../../core/model/metric.js";
import { bucketsOf, type NumberSeries } from "../../core/model/series.js";
import type { ReportedSums } from "../../core/model/summary.js";
import type { ChangesDocument, ClusterDelta } from "../../core/wire/extension/changes.js";
import type { Since } from "../../core/wire/extension/request.js";
import type {
  AlertsResult,
  CollectorClient,
  CollectorStatus,
  HistoryQuery,
  HistoryResult,
} from "../../viewer/pull/client.js";
import { CollectorUnreachable } from "../../viewer/pull/client.js";

export interface EmulatedCluster {
  readonly name: string;
  readonly hosts: readonly string[];
}

interface EmulatedMetric {
  readonly meta: MetricMeta;
  /** @param seed of the host, 0 to 1 */
  readonly value: (seed: number, timeMs: number) => number | string;
}

const HOUR_MS = 3_600_000;
export const FRAME_EVERY_MS = 15_000;
/** How far back the emulated history goes. */
export const HISTORY_MS = 8 * 24 * HOUR_MS;

function metric(
  name: string,
  group: string,
  title: string,
  units: string,
  value: EmulatedMetric["value"],
  more: Partial<MetricMeta> = {},
): EmulatedMetric {
  const extra = [
    ["GROUP", group],
    ["DESC", `${title}, emulated`],
    ["TITLE", title],
  ] as const;
  const meta: MetricMeta = { name, type: "float", units, slope: "both", tmaxS: 90, dmaxS: 0, extra, ...more };
  return { meta, value };
}

/** Hosts with a high seed work hard, the others idle; everybody has a day and a night. */
function busy(seed: number, timeMs: number): number {
  const day = 0.5 + 0.5 * Math.sin((timeMs / (24 * HOUR_MS) + seed) * 2 * Math.PI);
  const wave = 0.5 + 0.5 * Math.sin((timeMs / (0.7 * HOUR_MS) + seed * 7) * 2 * Math.PI);
  return Math.min(1, Math.max(0, seed ** 2 * 0.55 + day * 0.15 + wave * 0.2 + (noise(seed, timeMs) - 0.5) * 0.12));
}

/** The same for the same host and instant, 0 to 1. */
export function noise(seed: number, timeMs: number): number {
  const x = Math.sin(seed * 12_345.678 + Math.floor(timeMs / FRAME_EVERY_MS) * 0.737) * 43_758.5453;
  return x - Math.floor(x);
}

const round = (value: number, digits: number) => Number(value.toFixed(digits));
const constant = { slope: "zero", tmaxS: 1_200 } as const;
const CPUS = 32;
const MEMORY_KB = 131_072_000;

export const EMULATED_METRICS: readonly EmulatedMetric[] = [
  metric("load_one", "load", "One Minute Load Average", " ", (s, t) => round(busy(s, t) * CPUS, 2), { tmaxS: 70 }),
  metric("load_five", "load", "Five Minute Load Average", " ", (s, t) => round(busy(s, t - 120_000) * CPUS, 2), {
    tmaxS: 325,
  }),
  metric("load_fifteen", "load", "Fifteen Minute Load Average", " ", (s, t) => round(busy(s, t - 450_000) * CPUS, 2), {
    tmaxS: 950,
  }),
  metric("cpu_user", "cpu", "CPU User", "%", (s, t) => round(busy(s, t) * 92, 1)),
  metric("cpu_system", "cpu", "CPU System", "%", (s, t) => round(busy(s, t) * 5 + noise(s, t), 1)),
  metric("cpu_idle", "cpu", "CPU Idle", "%", (s, t) => round(100 - busy(s, t) * 98, 1)),
  metric("cpu_wio", "cpu", "CPU wio", "%", (s, t) => round(noise(s + 0.1, t) ** 6 * 12, 1)),
  metric("cpu_num", "cpu", "CPU Count", "CPUs", () => CPUS, { type: "uint16", ...constant }),
  metric("cpu_speed", "cpu", "CPU Speed", "MHz", () => 2_600, { type: "uint32", ...constant }),
  metric("cpu_temp", "cpu", "CPU Temperature", "Celsius", (s, t) => round(38 + busy(s, t) * 36, 1)),
  metric("mem_total", "memory", "Memory Total", "KB", () => MEMORY_KB, constant),
  metric("mem_free", "memory", "Free Memory", "KB", (s, t) => Math.round(MEMORY_KB * (0.92 - busy(s, t) * 0.7))),
  metric("mem_cached", "memory", "Cached Memory", "KB", (s, t) => Math.round(MEMORY_KB * (0.05 + noise(s, t) * 0.01))),
  metric("mem_buffers", "memory", "Memory Buffers", "KB", (s) => Math.round(400_000 + s * 200_000)),
  metric("swap_free", "memory", "Free Swap Space", "KB", () => 8_388_604),
  metric("bytes_in", "network", "Bytes Received", "bytes/sec", (s, t) => round(busy(s, t) ** 2 * 9.4e7, 2), {
    tmaxS: 300,
  }),
  metric("bytes_out", "network", "Bytes Sent", "bytes/sec", (s, t) => round(busy(s, t + 60_000) ** 2 * 4.1e7, 2), {
    tmaxS: 300,
  }),
  metric("pkts_in", "network", "Packets Received", "packets/sec", (s, t) => round(busy(s, t) ** 2 * 81_000, 2)),
  metric("disk_free", "disk", "Disk Space Available", "GB", (s, t) => round(420 - s * 220 - (t % HOUR_MS) / 1e7, 3), {
    type: "double",
    tmaxS: 180,
  }),
  metric("disk_total", "disk", "Total Disk Space", "GB", () => 447.13, { type: "double", ...constant }),
  metric("part_max_used", "disk", "Maximum Disk Space Used", "%", (s) => round(20 + s * 60, 1), { tmaxS: 180 }),
  metric("proc_run", "process", "Total Running Processes", " ", (s, t) => Math.round(busy(s, t) * CPUS), {
    type: "uint32",
    tmaxS: 950,
  }),
  metric("proc_total", "process", "Total Processes", " ", (s, t) => Math.round(310 + noise(s, t) * 40), {
    type: "uint32",
    tmaxS: 950,
  }),
  metric("boottime", "system", "Last Boot Time", "s", (s) => Math.round(1_698_000_000 + s * 86_400), {
    type: "uint32",
    ...constant,
  }),
  metric("os_name", "system", "Operating System", "", () => "Linux", { type: "string", ...constant }),
  metric("os_release", "system", "Operating System Release", "", () => "6.1.0-37-amd64", {
    type: "string",
    ...constant,
  }),
  metric("machine_type", "system", "Machine Type", "", () => "x86_64", { type: "string", ...constant }),
];

export class EmulatedCollector implements CollectorClient {
  readonly clusters: readonly EmulatedCluster[];
  alertList: Alert[] = [];
  /** Newest first. */
  eventList: AlertEvent[] = [];
  /** What is known only in sums; told whole each time. */
  sums: ReportedSums[] = [];
  instance = "emul1";
  /** Set to a text to be unreachable. */
  broken = "";
  readonly #clock: Clock;
  readonly #startedMs: number;
  /** By host name: silent since, epoch ms. */
  readonly #silent = new Map<string, number>();
  #frame = 1;
  #frameTimeMs: number;
  #timer: Timer | undefined;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock, clusters: readonly EmulatedCluster[]) {
    this.#clock = clock;
    this.clusters = clusters;
    this.#startedMs = clock.nowMs();
    this.#frameTimeMs = clock.nowMs();
  }

  /** Frames come by themselves from now on. */
  run(everyMs = FRAME_EVERY_MS): void {
    this.#timer = this.#clock.setTimer(() => {
      this.frame();
      this.run(everyMs);
    }, everyMs);
  }

  stop(): void {
    this.#timer?.cancel();
    this.release();
  }

  /** One more frame now. */
  frame(): void {
    this.#frame++;
    this.#frameTimeMs = this.#clock.nowMs();
    this.release();
  }

  /** Long polls answer at once. */
  release(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  silence(host: string, sinceMs = this.#clock.nowMs()): void {
    this.#silent.set(host, sinceMs);
  }

  restart(): void {
    this.instance += "x";
    this.#frame = 1;
    this.release();
  }

  async changes(since: Since | undefined, waitMs: number, signal: AbortSignal): Promise<ChangesDocument> {
    this.#answer();
    if (since?.instance === this.instance && since.frame >= this.#frame) await this.#wait(waitMs, signal);
    this.#answer();
    const full = since?.instance !== this.instance;
    const fresh = full || since.frame < this.#frame;
    return {
      instance: this.instance,
      nowMs: this.#clock.nowMs(),
      full,
      frame: this.#frame,
      clusters: this.clusters.map((cluster) => this.#delta(cluster, full, fresh)),
      sums: this.sums.map(({ summary, ...told }) => ({ ...told, ...summary, full: true })),
    };
  }

  async history({ key, fromMs, toMs, stepMs }: HistoryQuery): Promise<HistoryResult> {
    this.#answer();
    const emulated = EMULATED_METRICS.find((one) => one.meta.name === key.metric);
    const cluster = this.clusters.find((one) => one.name === key.cluster);
    const index = cluster?.hosts.indexOf(key.host) ?? -1;
    const timesMs: number[] = [];
    if (emulated !== undefined && index >= 0) {
      const untilMs = Math.min(toMs, this.#frameTimeMs + 1, this.#silent.get(key.host) ?? Number.POSITIVE_INFINITY);
      const startMs = Math.max(fromMs, this.#startedMs - HISTORY_MS);
      const every = Math.max(FRAME_EVERY_MS, emulated.meta.slope === "zero" ? 1_200_000 : 0);
      for (let t = Math.ceil(startMs / every) * every; t < untilMs; t += every) {
        // Half an hour of nothing, two hours back: what a broken switch leaves behind.
        const agoMs = this.#startedMs - t;
        if (agoMs < 2 * HOUR_MS || agoMs > 2.5 * HOUR_MS) timesMs.push(t);
      }
    }
    const values = timesMs.map((t) => emulated?.value(seedOf(index), t) ?? Number.NaN);
    if (emulated?.meta.type === "string") {
      return { kind: "text", timesMs: Float64Array.from(timesMs), texts: values.map(String) };
    }
    const series: NumberSeries = {
      kind: "number",
      timesMs: Float64Array.from(timesMs),
      values: Float64Array.from(values, Number),
    };
    return stepMs === undefined ? series : { kind: "buckets", ...bucketsOf(series, fromMs, toMs, stepMs) };
  }

  async alerts(events: number, before: number | undefined): Promise<AlertsResult> {
    this.#answer();
    const older = this.eventList.filter((event) => event.sequence < (before ?? Number.POSITIVE_INFINITY));
    return { alerts: this.alertList, events: older.slice(0, events) };
  }

  async status(): Promise<CollectorStatus> {
    this.#answer();
    return {
      version: "0.1.0",
      instance: this.instance,
      frame: this.#frame,
      uptimeMs: this.#clock.nowMs() - this.#startedMs,
      sources: [],
    };
  }

  #answer(): void {
    if (this.broken !== "") throw new CollectorUnreachable(this.broken);
  }

  #wait(waitMs: number, signal: AbortSignal): Promise<void> {
    if (waitMs === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel();
        this.#waiting.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = this.#clock.setTimer(done, waitMs);
      this.#waiting.add(done);
      signal.addEventListener("abort", done);
    });
  }

  #delta(cluster: EmulatedCluster, full: boolean, fresh: boolean): ClusterDelta {
    const timeMs = this.#frameTimeMs;
    const rows = cluster.hosts.map((_, row) => row);
    const heard = fresh ? rows.filter((row) => full || !this.#isSilent(cluster.hosts[row] ?? "")) : [];
    const heardRows = Uint32Array.from(heard);
    const timesMs = Float64Array.from(heard, (row) =>
      Math.min(timeMs, this.#silent.get(cluster.hosts[row] ?? "") ?? timeMs),
    );
    const numbered = EMULATED_METRICS.map((one, column) => ({ ...one, column }));
    const told = heard.length > 0 ? numbered : [];
    return {
      name: cluster.name,
      full,
      frame: this.#frame,
      frameTimeMs: timeMs,
      facts: { owner: "unspecified", latlong: "unspecified", url: "unspecified" },
      rowCount: rows.length,
      columnCount: EMULATED_METRICS.length,
      firing: this.alertList.filter((alert) => alert.cluster === cluster.name && alert.state !== "pending").length,
      goneRows: new Uint32Array(0),
      hosts: full
        ? cluster.hosts.map((name, row) => ({
            row,
            facts: {
              ...newHostFacts(name),
              ip: `10.1.${Math.floor(row / 250)}.${(row % 250) + 1}`,
              location: `${Math.floor(row / 32)},${row % 32},0`,
              startedS: 1_699_000_000,
            },
          }))
        : [],
      heardRows,
      heardMs: timesMs,
      metrics: full
        ? numbered.map(({ meta, column }) => ({ column, name: meta.name, kind: kindOf(meta.type), meta, own: [] }))
        : [],
      numbers: told
        .filter(({ meta }) => meta.type !== "string" && (full || meta.slope !== "zero"))
        .map(({ column, value }) => ({
          column,
          rows: heardRows,
          values: Float64Array.from(heard, (row, i) => Number(value(seedOf(row), timesMs[i] ?? 0))),
          decimals: new Uint8Array(heard.length),
          timesMs,
        })),
      texts: told
        .filter(({ meta }) => meta.type === "string" && full)
        .map(({ column, value }) => ({
          column,
          rows: heardRows,
          texts: heard.map((row, i) => String(value(seedOf(row), timesMs[i] ?? 0))),
          timesMs,
        })),
    };
  }

  #isSilent(host: string): boolean {
    return (this.#silent.get(host) ?? Number.POSITIVE_INFINITY) <= this.#frameTimeMs;
  }
}

/** Spread evenly and without order over 0 to 1. */
export function seedOf(index: number): number {
  return (index * 0.618_033_988_75) % 1;
}

/** node001, node002 ... */
export function hostNames(count: number, prefix = "node"): string[] {
  const digits = Math.max(3, String(count).length);
  return Array.from({ length: count }, (_, i) => `${prefix}${String(i + 1).padStart(digits, "0")}`);
}
