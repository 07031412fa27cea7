/** Bytes of a record log: the layout of RECORD-LOG.md as pure functions. */
import { crc32 } from "node:zlib";

const MAGIC = [..."GRATELOG"].map((char) => char.charCodeAt(0));

/** "GRATELOG" in ASCII, then the version as u32, little endian. */
export const SEGMENT_HEADER: Uint8Array = Uint8Array.from([...MAGIC, 1, 0, 0, 0]);

/** Version 2: the same, then the segment's mark. */
const MARKED_HEADER_BYTES = SEGMENT_HEADER.length + 4;

/** length u32 + checksum u32 + type u8. */
export const RECORD_HEADER_BYTES = 9;
/** Before it, in version 2. */
const MARK_BYTES = 4;

/** In the record's header, the checksum covers what follows it: type and payload. */
const CHECKED_FROM = 8;

/** @param mark begins every record of the segment (version 2); undefined for version 1 */
export function segmentHeader(mark: number | undefined): Uint8Array {
  if (mark === undefined) return SEGMENT_HEADER;
  const header = new Uint8Array(MARKED_HEADER_BYTES);
  header.set([...MAGIC, 2, 0, 0, 0]);
  new DataView(header.buffer).setUint32(SEGMENT_HEADER.length, mark, true);
  return header;
}

export function recordHeaderBytes(mark: number | undefined): number {
  return mark === undefined ? RECORD_HEADER_BYTES : MARK_BYTES + RECORD_HEADER_BYTES;
}

/** Writes one record at the start of `into`, which must have room for the header and the payload. */
export function encodeRecord(into: Uint8Array, type: number, payload: Uint8Array, mark?: number): void {
  const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
  const at = recordHeaderBytes(mark) - RECORD_HEADER_BYTES;
  if (mark !== undefined) view.setUint32(0, mark, true);
  view.setUint32(at, payload.length, true);
  into[at + CHECKED_FROM] = type;
  into.set(payload, at + RECORD_HEADER_BYTES);
  const checked = into.subarray(at + CHECKED_FROM, at + RECORD_HEADER_BYTES + payload.length);
  view.setUint32(at + 4, crc32(checked), true);
}

export interface SegmentScan {
  readonly records: number;
  /** Bytes from the start to the end of the last whole record. */
  readonly goodBytes: number;
  /** Bytes of these that were passed over. */
  readonly damagedBytes: number;
  /** One for each place where a record could not be read. */
  readonly faults: readonly string[];
  /** The file is none of ours: it must be neither cut nor written. */
  readonly foreign: boolean;
  /** Of version 2; undefined for version 1. */
  readonly mark: number | undefined;
}

/** Faults told one by one; more are only counted as bytes. */
const FAULTS_MAX = 10;

/**
 * Reads a segment from its start to its end. Version 1 is read to the first bad
 * record; in version 2 reading goes on at the next good one behind it.
 * @param onRecord the payload is a view into `bytes`; what throws in here goes through
 */
export function scanSegment(
  bytes: Uint8Array,
  recordBytesMax: number,
  onRecord: (type: number, payload: Uint8Array) => void,
): SegmentScan {
  const header = checkHeader(bytes);
  if (header.bytes === 0) {
    const faults = header.fault === undefined ? [] : [header.fault];
    return { records: 0, goodBytes: 0, damagedBytes: 0, faults, foreign: header.foreign, mark: undefined };
  }

  const { mark } = header;
  const faults: string[] = [];
  const recordAt = new RecordFinder(bytes, recordBytesMax, mark);
  let records = 0;
  let damagedBytes = 0;
  let goodBytes = header.bytes;
  for (let at: number | undefined = header.bytes; at !== undefined && at < bytes.length; ) {
    const fault = recordAt.faultOf(at);
    if (fault === undefined) {
      const from = at + recordHeaderBytes(mark) - RECORD_HEADER_BYTES;
      damagedBytes += at - goodBytes;
      goodBytes = recordAt.endOf(at);
      onRecord(bytes[from + CHECKED_FROM] as number, bytes.subarray(from + RECORD_HEADER_BYTES, goodBytes));
      records++;
      at = goodBytes;
    } else {
      if (faults.length < FAULTS_MAX) faults.push(`the record at byte ${at} ${fault}`);
      at = recordAt.nextGood(at);
    }
  }
  return { records, goodBytes, damagedBytes, faults, foreign: false, mark };
}

/** Looks at records where they may stand. */
class RecordFinder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #recordBytesMax: number;
  readonly #mark: number | undefined;
  readonly #headerBytes: number;

  constructor(bytes: Uint8Array, recordBytesMax: number, mark: number | undefined) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#recordBytesMax = recordBytesMax;
    this.#mark = mark;
    this.#headerBytes = recordHeaderBytes(mark);
  }

  /** Of a record without fault. */
  endOf(at: number): number {
    return at + this.#headerBytes + this.#payloadBytes(at);
  }

  /** @returns what is wrong with the record there; undefined if it is whole */
  faultOf(at: number): string | undefined {
    const bytes = this.#bytes;
    if (bytes.length - at < this.#headerBytes) return "ends inside its header";
    if (this.#mark !== undefined && this.#view.getUint32(at, true) !== this.#mark) {
      return "does not begin with the segment's mark";
    }
    const payloadBytes = this.#payloadBytes(at);
    if (payloadBytes > this.#recordBytesMax) {
      return `claims ${payloadBytes} bytes, at most ${this.#recordBytesMax} are allowed`;
    }
    const end = at + this.#headerBytes + payloadBytes;
    if (end > bytes.length) return `has ${end - bytes.length} bytes less than it claims`;
    const from = at + this.#headerBytes - RECORD_HEADER_BYTES;
    const matches = this.#view.getUint32(from + 4, true) === crc32(bytes.subarray(from + CHECKED_FROM, end));
    return matches ? undefined : "does not match its checksum";
  }

  /**
   * Nobody outside knows the mark, so what a text in a record says is never taken for a record.
   * @returns where the first whole record behind a bad one begins; undefined if there is none, or no mark to look for
   */
  nextGood(bad: number): number | undefined {
    if (this.#mark === undefined) return undefined;
    const { buffer, byteOffset, byteLength } = this.#bytes;
    const haystack = Buffer.from(buffer, byteOffset, byteLength);
    const needle = Buffer.alloc(MARK_BYTES);
    needle.writeUInt32LE(this.#mark);
    for (let at = haystack.indexOf(needle, bad + 1); at >= 0; at = haystack.indexOf(needle, at + 1)) {
      if (this.faultOf(at) === undefined) return at;
    }
    return undefined;
  }

  #payloadBytes(at: number): number {
    return this.#view.getUint32(at + this.#headerBytes - RECORD_HEADER_BYTES, true);
  }
}

interface Header {
  /** Length; 0 where it is not whole or not ours. */
  readonly bytes: number;
  readonly mark: number | undefined;
  readonly fault: string | undefined;
  readonly foreign: boolean;
}

function checkHeader(bytes: Uint8Array): Header {
  const broken = (fault: string | undefined, foreign = false): Header => ({
    bytes: 0,
    mark: undefined,
    fault,
    foreign,
  });
  if (bytes.length === 0) return broken(undefined);
  // After a power cut a file system may hand back the length of a file without its bytes.
  if (bytes.every((byte) => byte === 0)) return broken("it holds only zero bytes");
  const magic = bytes.subarray(0, MAGIC.length);
  if (magic.some((byte, i) => byte !== MAGIC[i])) return broken('it does not begin with "GRATELOG"', true);
  if (bytes.length < SEGMENT_HEADER.length) return broken("it ends inside its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(MAGIC.length, true);
  if (version === 1) return { bytes: SEGMENT_HEADER.length, mark: undefined, fault: undefined, foreign: false };
  if (version !== 2) return broken(`it has format version ${version}, this program reads versions 1 and 2`, true);
  if (bytes.length < MARKED_HEADER_BYTES) return broken("it ends inside its header");
  const mark = view.getUint32(SEGMENT_HEADER.length, true);
  return { bytes: MARKED_HEADER_BYTES, mark, fault: undefined, foreign: false };
}
