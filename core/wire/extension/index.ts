/** What the collector's servers say and the viewer and the commands read. */
export { readAlerts, writeAlerts } from "./alerts.js";
export type { Changes, ChangesDocument, ClusterChanges, ClusterDelta } from "./changes.js";
export { readChanges } from "./changes-reader.js";
export { writeChanges } from "./changes-writer.js";
export { type WritingFacts, writeError } from "./document.js";
export { DTD } from "./dtd.js";
export { type ErrorCode, ExtensionError, RefusedError } from "./errors.js";
export {
  type History,
  type HistoryData,
  type HistorySeries,
  type MergedHistory,
  readHistory,
  writeHistory,
} from "./history.js";
export { type ClusterMetadata, readMetadata, writeMetadata } from "./metadata.js";
export * from "./request.js";
export { type ClusterStatus, readStatus, type Status, type SumsStatus, writeStatus } from "./status.js";
export type { SumsChanges } from "./sums.js";
