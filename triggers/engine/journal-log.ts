/** The journal in a record log: files called triggers-00000001.log and so on. */
import { type LogFiles, RecordLog } from "../../core/base/record-log.js";
import type { OpenJournal } from "./journal.js";

/** Segments are read whole at start. */
const SEGMENT_BYTES_MAX = 8 * 2 ** 20;

export function recordLogJournal(files: LogFiles): OpenJournal {
  const options = { prefix: "triggers", segmentBytesMax: SEGMENT_BYTES_MAX };
  return (onRecord) => RecordLog.open(files, options, onRecord);
}
