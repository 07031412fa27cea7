/** What the stores of history count, as metrics. */
import type { StoreHealth } from "../../storage/health.js";
import type { MetricFamily } from "../serve/prometheus.js";

/** Name in the store's health, name here, what it is. A counter that is not listed is not shown. */
const COUNTERS: readonly (readonly [key: string, name: string, help: string])[] = [
  ["damagedFiles", "storage_damaged_files", "Damaged files of history: set aside, or in use and found by a read."],
  ["queuedSamples", "storage_queued_samples", "Samples that wait to be written to a remote store."],
  ["queueBytes", "storage_queue_bytes", "Files of that queue."],
  ["sentSamplesTotal", "storage_sent_samples_total", "Samples that a remote store took."],
  ["requestsTotal", "storage_requests_total", "Requests with samples that a remote store answered."],
  ["failuresTotal", "storage_failures_total", "Requests with samples that are made again."],
  ["refusedSamplesTotal", "storage_refused_samples_total", "Samples given up because a remote store refused them."],
  ["endedSeriesTotal", "storage_ended_series_total", "Series whose end a remote store was told."],
  ["droppedFullSamplesTotal", "storage_dropped_full_samples_total", "Samples given up because the queue was full."],
  ["droppedOldSamplesTotal", "storage_dropped_old_samples_total", "Samples given up because they waited too long."],
  [
    "droppedDamagedSamplesTotal",
    "storage_dropped_damaged_samples_total",
    "Samples lost in damaged files of the queue.",
  ],
  ["backlogSamples", "storage_backlog_samples", "Samples that wait for a store that failed beside others."],
  ["backlogBytes", "storage_backlog_bytes", "Files of that backlog."],
  [
    "backlogDroppedSamplesTotal",
    "storage_backlog_dropped_samples_total",
    "Samples given up because it was full or damaged.",
  ],
  ["documentsTotal", "storage_documents_total", "Documents of XML written."],
  ["documentBytesTotal", "storage_document_bytes_total", "Their bytes, packed."],
  ["documentFilesBytes", "storage_document_files_bytes", "All files of documents, at the last sweep."],
  ["documentFailuresTotal", "storage_document_failures_total", "Documents that could not be written."],
  ["documentSamplesWaiting", "storage_document_samples_waiting", "Samples that wait for their document."],
  [
    "documentSamplesRefusedTotal",
    "storage_document_samples_refused_total",
    "Samples that no document can hold: of names or times that it cannot say, or beyond the limits of a cluster.",
  ],
  ["files", "storage_files", "RRD files kept up to date."],
  ["fileFaultsTotal", "storage_file_faults_total", "Samples of a series not kept because its file cannot be used."],
  ["foreignUpdatesTotal", "storage_foreign_updates_total", "RRD files found further on than we had left them."],
  ["daemonLinesTotal", "storage_daemon_lines_total", "Updates that rrdcached took."],
  ["daemonRefusedTotal", "storage_daemon_refused_total", "Updates that rrdcached refused."],
  [
    "daemonTooOldTotal",
    "storage_daemon_too_old_total",
    "Updates that rrdcached had already, of us or of another writer.",
  ],
  [
    "daemonDroppedFilesTotal",
    "storage_daemon_dropped_files_total",
    "Files looked at of which rrdcached had dropped updates without a word.",
  ],
  ["documentDamagedTotal", "storage_document_damaged_total", "Damaged parts of documents that were passed over."],
];

export function storageFamilies(stores: readonly StoreHealth[]): MetricFamily[] {
  const families: MetricFamily[] = [
    {
      name: "storage_up",
      type: "gauge",
      help: "1 while the store has nothing to complain about.",
      samples: stores.map(({ store, message }) => ({ labels: { store }, value: message === "" ? 1 : 0 })),
    },
    {
      name: "storage_queue_age_seconds",
      type: "gauge",
      help: "How long the oldest sample of the queue waits; 0 = none waits.",
      samples: samplesOf(stores, "queueAgeMs").map(({ labels, value }) => ({ labels, value: value / 1_000 })),
    },
  ];
  for (const [key, name, help] of COUNTERS) {
    families.push({ name, type: name.endsWith("_total") ? "counter" : "gauge", help, samples: samplesOf(stores, key) });
  }
  return families;
}

function samplesOf(stores: readonly StoreHealth[], key: string) {
  return stores.flatMap(({ store, counters }) => {
    const value = counters[key];
    return value === undefined ? [] : [{ labels: { store }, value }];
  });
}
