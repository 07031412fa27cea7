/** Bytes of a record log: the layout of RECORD-LOG.md as pure functions. */
import { crc32 } from "node:zlib";

/** "GRATELOG" in ASCII, then the version as u32, little endian. */
export const SEGMENT_HEADER: Uint8Array = Uint8Array.from([
  ...[..."GRATELOG"].map((char) => char.charCodeAt(0)),
  ...[1, 0, 0, 0],
]);

/** length u32 + checksum u32 + type u8. */
export const RECORD_HEADER_BYTES = 9;

/** The checksum covers what follows it: type and payload. */
const CHECKED_FROM = 8;

/** Writes one record at the start of `into`, which must have room for the header and the payload. */
export function encodeRecord(into: Uint8Array, type: number, payload: Uint8Array): void {
  const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
  view.setUint32(0, payload.length, true);
  into[CHECKED_FROM] = type;
  into.set(payload, RECORD_HEADER_BYTES);
  view.setUint32(4, crc32(into.subarray(CHECKED_FROM, RECORD_HEADER_BYTES + payload.length)), true);
}

export interface SegmentScan {
  readonly records: number;
  /** Bytes from the start that are header and whole records. */
  readonly goodBytes: number;
  /** Why reading ended before the end; undefined when it did not. */
  readonly fault: string | undefined;
  /** The file is none of ours: it must be neither cut nor written. */
  readonly foreign: boolean;
}

/**
 * Reads a segment from its start up to its end or to the first bad record.
 * @param onRecord the payload is a view into `bytes`; what throws in here goes through
 */
export function scanSegment(
  bytes: Uint8Array,
  recordBytesMax: number,
  onRecord: (type: number, payload: Uint8Array) => void,
): SegmentScan {
  const headerFault = checkHeader(bytes);
  if (headerFault !== undefined) return { records: 0, goodBytes: 0, ...headerFault };

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let records = 0;
  let at = SEGMENT_HEADER.length;
  const stop = (fault: string | undefined) => ({ records, goodBytes: at, fault, foreign: false });
  while (at < bytes.length) {
    if (bytes.length - at < RECORD_HEADER_BYTES) {
      return stop(`the record at byte ${at} ends inside its header`);
    }
    const payloadBytes = view.getUint32(at, true);
    if (payloadBytes > recordBytesMax) {
      return stop(`the record at byte ${at} claims ${payloadBytes} bytes, at most ${recordBytesMax} are allowed`);
    }
    const end = at + RECORD_HEADER_BYTES + payloadBytes;
    if (end > bytes.length) {
      return stop(`the record at byte ${at} has ${end - bytes.length} bytes less than it claims`);
    }
    if (view.getUint32(at + 4, true) !== crc32(bytes.subarray(at + CHECKED_FROM, end))) {
      return stop(`the record at byte ${at} does not match its checksum`);
    }
    onRecord(bytes[at + CHECKED_FROM] as number, bytes.subarray(at + RECORD_HEADER_BYTES, end));
    records++;
    at = end;
  }
  return stop(undefined);
}

function checkHeader(bytes: Uint8Array): { fault: string | undefined; foreign: boolean } | undefined {
  const present = Math.min(bytes.length, SEGMENT_HEADER.length);
  const differs = bytes.subarray(0, present).findIndex((byte, i) => byte !== SEGMENT_HEADER[i]);
  if (differs >= 0) {
    // After a power cut a file system may hand back the length of a file without its bytes.
    if (bytes.every((byte) => byte === 0)) return { fault: "it holds only zero bytes", foreign: false };
    const fault =
      differs < 8
        ? 'it does not begin with "GRATELOG"'
        : `it has format version ${new DataView(padded(bytes).buffer).getUint32(8, true)}, this program reads version 1`;
    return { fault, foreign: true };
  }
  if (present === SEGMENT_HEADER.length) return undefined;
  return { fault: present === 0 ? undefined : "it ends inside its header", foreign: false };
}

/** The header's bytes, zeros where the file ends before. */
function padded(bytes: Uint8Array): Uint8Array {
  const header = new Uint8Array(SEGMENT_HEADER.length);
  header.set(bytes.subarray(0, header.length));
  return header;
}
