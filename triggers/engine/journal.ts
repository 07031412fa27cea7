/**
 * Entries to records and back. A transaction, which is everything that one
 * frame or one result changes, counts as a whole or not at all. Layout: JOURNAL.md.
 */
import type { Entry } from "./entries.js";

/** The part of core/base/record-log.ts that is used here. Every method may throw what the disk says. */
export interface TriggerJournal {
  /**
   * When it returns, the record survives the end of the process; when it throws,
   * nothing of it stays. Does not keep the payload.
   */
  append(type: number, payload: Uint8Array): void;
  /** What was appended survives a power cut. */
  sync(): void;
  /** Lets the disk work before a sync(). @returns false if there is nothing to wait for, and `done` is not called */
  flush?(done: () => void): boolean;
  /** @returns the number of the new segment */
  startSegment(): number;
  dropSegmentsBefore(segment: number): void;
  close(): void;
}

/** Replays what is there, oldest first, then is ready to append. */
export type OpenJournal = (onRecord: (type: number, payload: Uint8Array) => void) => {
  readonly log: TriggerJournal;
  /** `faults`: what could not be read, one line each. */
  readonly report: { readonly faults: readonly string[] };
};

/** Record types: there is more of this transaction; it ends here. */
const PART = 1;
const END = 2;

/** Number of the transaction, number of the part, both u32 little endian. */
const HEADER_BYTES = 8;

/** A record is copied and checked as a whole; more would only hold up the others. */
const PART_BYTES = 256 * 1024;

/** Turned into bytes together: thousands of lines one by one take twice as long. */
const ENCODE_CHARACTERS = 32 * 1024;

const LINE_FEED = 10;

export class TransactionWriter {
  readonly #journal: TriggerJournal;
  readonly #buffer = new Uint8Array(HEADER_BYTES + PART_BYTES);
  #number = 0;

  constructor(journal: TriggerJournal) {
    this.#journal = journal;
  }

  /** @returns bytes written. @throws what the journal throws; the transaction does not count then */
  write(entries: Iterable<Entry>): number {
    this.#number = (this.#number + 1) >>> 0;
    const buffer = this.#buffer;
    const header = new DataView(buffer.buffer);
    header.setUint32(0, this.#number, true);
    let part = 0;
    let length = HEADER_BYTES;
    let total = 0;
    const flush = (type: number) => {
      header.setUint32(4, part++, true);
      this.#journal.append(type, buffer.subarray(0, length));
      total += length;
      length = HEADER_BYTES;
    };
    const copy = (lines: string) => {
      const bytes = Buffer.from(lines);
      for (let done = 0; done < bytes.length; ) {
        if (length === buffer.length) flush(PART);
        const copied = bytes.copy(buffer, length, done);
        done += copied;
        length += copied;
      }
    };
    let lines = "";
    for (const entry of entries) {
      lines += `${JSON.stringify(entry)}\n`;
      if (lines.length < ENCODE_CHARACTERS) continue;
      copy(lines);
      lines = "";
    }
    copy(lines);
    flush(END);
    return total;
  }
}

/** Joins records to transactions again; what has no end or lacks a part is passed over. */
export class TransactionReader {
  /** Entries that could not be read although their checksum was right. */
  malformed = 0;
  readonly #onEntry: (entry: Entry) => void;
  #parts: Buffer[] = [];
  #number = -1;

  constructor(onEntry: (entry: Entry) => void) {
    this.#onEntry = onEntry;
  }

  /** @param payload is copied */
  push(type: number, payload: Uint8Array): void {
    if ((type !== PART && type !== END) || payload.length < HEADER_BYTES) {
      this.malformed++;
      return;
    }
    const record = Buffer.from(payload);
    const number = record.readUInt32LE(0);
    const part = record.readUInt32LE(4);
    if (part === 0) {
      this.#number = number;
      this.#parts = [];
    } else if (number !== this.#number || part !== this.#parts.length) {
      // Its beginning was lost with a damaged segment.
      this.#number = -1;
      this.#parts = [];
      return;
    }
    this.#parts.push(record.subarray(HEADER_BYTES));
    if (type !== END) return;
    const whole = Buffer.concat(this.#parts);
    this.#number = -1;
    this.#parts = [];
    this.#read(whole);
  }

  #read(lines: Buffer): void {
    for (let start = 0; start < lines.length; ) {
      const found = lines.indexOf(LINE_FEED, start);
      const end = found < 0 ? lines.length : found;
      const entry = parse(lines.toString("utf8", start, end));
      if (entry === undefined) this.malformed++;
      else this.#onEntry(entry);
      start = end + 1;
    }
  }
}

function parse(line: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const known = typeof value === "object" && value !== null && "k" in value && typeof value.k === "string";
    return known ? (value as Entry) : undefined;
  } catch {
    return undefined;
  }
}
