/** What the collector's servers say and the viewer and the commands read. */
export { readAlerts, writeAlerts } from "./alerts.js";
export type { Changes, ChangesDocument, ClusterChanges, ClusterDelta } from "./changes.js";
export { readChanges } from "./changes-reader.js";
export { writeChanges } from "./changes-writer.js";
export { type DocumentFacts, writeError } from "./document.js";
export { type ErrorCode, ExtensionError, RefusedError } from "./errors.js";
export { type HistoryData, readHistory, writeHistory } from "./history.js";
export * from "./request.js";
export { type ClusterStatus, readStatus, type Status, writeStatus } from "./status.js";
