/** Which file holds which records: the record log itself forgets that once it has read them. */
import { type LogFiles, RECORD_BYTES_MAX } from "../../core/base/record-log.js";
import { scanSegment } from "../../core/base/record-log-format.js";
import { numberOf, RECORD } from "./queue-records.js";

export const PREFIX = "queue";

/** The same files; `segment()` is the number of the one that was read last. */
export function notingReads(files: LogFiles): { readonly files: LogFiles; segment(): number } {
  let segment = 0;
  return {
    files: {
      list: () => files.list(),
      read(name) {
        segment = Number.parseInt(name.slice(PREFIX.length + 1), 10);
        return files.read(name);
      },
      open: (name) => files.open(name),
      remove: (name) => files.remove(name),
    },
    segment: () => segment,
  };
}

/**
 * @returns records of samples of one segment by their number; a damaged rest is not among them
 * @throws GrateError if the file is there and cannot be read
 */
export function readSamples(files: LogFiles, segment: number): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  const name = `${PREFIX}-${String(segment).padStart(8, "0")}.log`;
  if (!files.list().includes(name)) return found;
  const bytes = files.read(name);
  scanSegment(bytes, RECORD_BYTES_MAX, (type, payload) => {
    // Views keep the whole segment in memory, as long as one of its records waits.
    if (type === RECORD.samples) found.set(numberOf(payload), payload);
  });
  return found;
}
