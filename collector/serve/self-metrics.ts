/** The collector's own numbers for /metrics. Labels have few values: ports, sources of the configuration, clusters. */
import type { AlertState } from "../../core/model/alert.js";
import type { Status } from "../../core/wire/extension/index.js";
import { OUTCOMES, type PortCounters } from "./counters.js";
import type { AlertsPort } from "./ports.js";
import type { MetricFamily, MetricSample } from "./prometheus.js";

/** Names of clusters come from the network; clusters beyond it are counted but not named. */
const CLUSTERS_NAMED_MAX = 100;

const ALERT_STATES: readonly AlertState[] = ["pending", "firing", "recovering"];

export interface Usage {
  readonly residentBytes: number;
  /** User and system, all threads. */
  readonly cpuS: number;
}

export interface SelfMetricsInput {
  readonly status: Status;
  /** As the collector's health gives them, by name; names not known here are left out. */
  readonly counters: Readonly<Record<string, number>>;
  readonly alerts: AlertsPort;
  /** By the name of the port: dump, query. */
  readonly ports: Readonly<Record<string, PortCounters>>;
  /** Clients in a long poll. */
  readonly waiting: number;
  /** Bytes of documents on their way. */
  readonly documentBytes: number;
  readonly usage: Usage;
}

export function* selfMetrics(input: SelfMetricsInput): Generator<MetricFamily> {
  const { status } = input;
  yield one("build_info", "gauge", "Constant 1; the program's version.", 1, { version: status.version });
  yield one("start_time_seconds", "gauge", "When the collector started, epoch.", status.startedMs / 1_000);
  yield one("process_resident_memory_bytes", "gauge", "Resident memory.", input.usage.residentBytes);
  yield one("process_cpu_seconds_total", "counter", "User and system CPU time.", input.usage.cpuS);
  yield one("frame_number", "gauge", "Number of the newest frame.", status.frame);
  yield* counterMetrics(input.counters);
  yield* sourceMetrics(status);
  yield* receivedMetrics(status);
  yield* clusterMetrics(status);
  yield {
    name: "alerts",
    type: "gauge",
    help: "Alerts at the moment, by state.",
    samples: ALERT_STATES.map((state) => ({
      labels: { state },
      value: input.alerts.alerts().filter((alert) => alert.state === state).length,
    })),
  };
  yield* portMetrics(input);
}

/** Counters of the collector's health: their name there, their name here, what they are. */
const COUNTERS: readonly (readonly [key: string, name: string, help: string])[] = [
  ["frames", "frames_total", "Frames taken."],
  ["cells", "values_total", "Values in frames."],
  ["newCells", "new_values_total", "Values in frames that were news."],
  ["malformedCells", "malformed_values_total", "Values passed over: no such host or metric, or an impossible time."],
  ["notNumbers", "not_number_values_total", "New values of numeric metrics that were none, such as nan."],
  ["refusedFrames", "refused_frames_total", "Frames refused for their time or size."],
  ["refusedClusters", "refused_clusters_total", "Clusters refused for their name or number."],
  ["listenerErrors", "listener_errors_total", "Failures of those who listen to frames."],
  ["gone", "gone_hosts_total", "Hosts that left, silent for longer than their DMAX."],
  ["leftClusters", "left_clusters_total", "Clusters that left because no source of the configuration claims them."],
  ["windowFrames", "window_frames", "Frames in memory."],
  ["windowBytes", "window_bytes", "Memory of the frames kept."],
  ["windowSamples", "window_samples", "Samples in memory."],
  ["unarchivedFrames", "unarchived_frames", "Frames that wait for the archive."],
  ["shortenedFrames", "window_shortened_frames_total", "Frames that left memory early, archived."],
  ["lostFrames", "lost_frames_total", "Frames that left memory before they were archived."],
  ["lostSamples", "lost_samples_total", "Samples of these frames."],
  ["logBytes", "log_bytes", "Size of the frame log."],
  ["logFailing", "log_failing", "1 while the log cannot be written and new frames are only in memory."],
  ["archiveFailing", "archive_failing", "1 while history cannot be archived."],
  ["logTornBytes", "log_torn_bytes", "Bytes cut off the log's end at the start."],
  ["replayedFrames", "replayed_frames", "Frames read back from the log at the start."],
  ["spills", "spills_total", "Spills to the archive."],
  ["spillFailures", "spill_failures_total", "Spills that failed."],
  ["spilledSamples", "spilled_samples_total", "Samples spilled."],
];

function* counterMetrics(counters: Readonly<Record<string, number>>): Generator<MetricFamily> {
  for (const [key, name, help] of COUNTERS) {
    const value = counters[key];
    if (value !== undefined) yield one(name, name.endsWith("_total") ? "counter" : "gauge", help, value);
  }
}

function* sourceMetrics(status: Status): Generator<MetricFamily> {
  const each = (value: (source: Status["sources"][number]) => number): MetricSample[] =>
    status.sources.map((source) => ({ labels: { source: source.name, type: source.type }, value: value(source) }));
  yield {
    name: "source_up",
    type: "gauge",
    help: "1 if the last attempt of the source went well.",
    samples: each((source) => (source.state === "ok" ? 1 : 0)),
  };
  yield {
    name: "source_frames_total",
    type: "counter",
    help: "Frames handed on.",
    samples: each((source) => source.frames),
  };
  yield {
    name: "source_failures_total",
    type: "counter",
    help: "Polls or reads that failed.",
    samples: each((source) => source.failures),
  };
  yield {
    name: "source_malformed_total",
    type: "counter",
    help: "Hosts, metrics or datagrams passed over as malformed, counted each time that they are read.",
    samples: each((source) => source.malformed),
  };
  yield {
    name: "source_last_frame_time_seconds",
    type: "gauge",
    help: "Time of the newest frame, epoch; 0 before the first.",
    samples: each((source) => source.lastFrameMs / 1_000),
  };
  yield {
    name: "source_clock_skew_seconds",
    type: "gauge",
    help: "The source's clock minus ours.",
    samples: each((source) => source.skewMs / 1_000),
  };
}

function* receivedMetrics(status: Status): Generator<MetricFamily> {
  yield {
    name: "source_received_bytes_total",
    type: "counter",
    help: "Bytes that came over the network, of sources that count them.",
    samples: status.sources.flatMap(({ name, type, receivedBytes }) =>
      receivedBytes === undefined ? [] : [{ labels: { source: name, type }, value: receivedBytes }],
    ),
  };
}

function* clusterMetrics(status: Status): Generator<MetricFamily> {
  yield one("clusters", "gauge", "Clusters known.", status.clusters.length);
  const named = status.clusters.slice(0, CLUSTERS_NAMED_MAX);
  yield {
    name: "hosts",
    type: "gauge",
    help: `Hosts by cluster and state; the first ${CLUSTERS_NAMED_MAX} clusters.`,
    samples: named.flatMap((cluster) => [
      { labels: { cluster: cluster.name, state: "up" }, value: cluster.hostsUp },
      { labels: { cluster: cluster.name, state: "down" }, value: cluster.hostsDown },
    ]),
  };
}

function* portMetrics({ ports, waiting, documentBytes }: SelfMetricsInput): Generator<MetricFamily> {
  const entries = Object.entries(ports);
  yield {
    name: "serve_connections_total",
    type: "counter",
    help: "Connections by port and how they ended.",
    samples: entries.flatMap(([port, { connections }]) =>
      OUTCOMES.map((outcome) => ({ labels: { port, outcome }, value: connections[outcome] })),
    ),
  };
  yield {
    name: "serve_clients",
    type: "gauge",
    help: "Clients connected at the moment.",
    samples: entries.map(([port, { clients }]) => ({ labels: { port }, value: clients })),
  };
  yield {
    name: "serve_sent_bytes_total",
    type: "counter",
    help: "Bytes of documents sent.",
    samples: entries.map(([port, { sentBytes }]) => ({ labels: { port }, value: sentBytes })),
  };
  yield one("serve_waiting_clients", "gauge", "Clients that wait for the next frame.", waiting);
  yield one("serve_document_bytes", "gauge", "Documents held until their clients have them.", documentBytes);
}

function one(
  name: string,
  type: MetricFamily["type"],
  help: string,
  value: number,
  labels?: Readonly<Record<string, string>>,
): MetricFamily {
  return { name, type, help, samples: [labels === undefined ? { value } : { labels, value }] };
}
