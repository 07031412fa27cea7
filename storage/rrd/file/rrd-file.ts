/**
 * One open RRD file: positioned reads and writes, no mapping, no lock. README.md says
 * what happens when another program works on the same file.
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { decodeHeader, HEADER_START_BYTES, headerSizeOf, type RrdHeader } from "../format/header.js";
import { rowOffset, rowPointerOffset } from "../format/layout.js";
import { getCount } from "../format/words.js";
import { RrdError } from "../rrd-error.js";
import { systemFault } from "./system-fault.js";

export class RrdFile {
  readonly header: RrdHeader;
  readonly #descriptor: number;
  readonly #name: string;

  /**
   * @param mode "r" to read, "r+" to update
   * @param name what messages call the file
   * @throws RrdError if it cannot be opened or is no RRD file
   */
  constructor(path: string, mode: "r" | "r+", name = path) {
    this.#name = name;
    try {
      this.#descriptor = openSync(path, mode);
    } catch (error) {
      throw new RrdError(`opening '${name}': ${systemFault(error)}`, { cause: error });
    }
    try {
      this.header = this.#readHeader();
    } catch (error) {
      closeSync(this.#descriptor);
      throw error;
    }
  }

  /**
   * The part that updates rewrite.
   * @throws RrdError if a row pointer points outside its archive
   */
  readLive(): Uint8Array {
    const { layout, definition } = this.header;
    const bytes = this.#read(layout.liveOffset, layout.liveBytes, "live part");
    const view = new DataView(bytes.buffer);
    definition.archives.forEach(({ rowCount }, rra) => {
      const row = getCount(view, rowPointerOffset(layout, rra));
      if (row >= rowCount)
        throw new RrdError(`'${this.#name}' is damaged: archive ${rra} is at row ${row} of ${rowCount}`);
    });
    return bytes;
  }

  writeLive(bytes: Uint8Array): void {
    this.#write(bytes, 0, bytes.length, this.header.layout.liveOffset);
  }

  /** Rows that stand side by side in the file; the values of a row, one a data source, follow each other. */
  readRows(rra: number, firstRow: number, count: number): Float64Array {
    const { layout } = this.header;
    const bytes = this.#read(rowOffset(layout, rra, firstRow), 8 * layout.dsCount * count, "rows");
    return new Float64Array(bytes.buffer);
  }

  writeRows(rra: number, firstRow: number, bytes: Uint8Array, offset: number, length: number): void {
    this.#write(bytes, offset, length, rowOffset(this.header.layout, rra, firstRow));
  }

  /** Bytes of the header before the live part, as changed by tuning. */
  writeHeader(bytes: Uint8Array): void {
    this.#write(bytes, 0, bytes.length, 0);
  }

  /** All bytes from an offset on, for copies. */
  readBytes(offset: number, length: number): Uint8Array {
    return this.#read(offset, length, "rows");
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #readHeader(): RrdHeader {
    const { size } = fstatSync(this.#descriptor);
    const start = this.#read(0, Math.min(size, HEADER_START_BYTES), "header");
    const { liveOffset } = headerSizeOf(start, this.#name, size);
    const header = decodeHeader(this.#read(0, liveOffset, "header"), this.#name);
    const { fileBytes } = header.layout;
    if (!(size >= fileBytes)) throw new RrdError(`'${this.#name}' is too small (should be ${fileBytes} bytes)`);
    return header;
  }

  #read(offset: number, length: number, what: string): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      let count: number;
      try {
        count = readSync(this.#descriptor, bytes, done, length - done, offset + done);
      } catch (error) {
        throw new RrdError(`reading the ${what} of '${this.#name}': ${systemFault(error)}`, { cause: error });
      }
      if (count === 0) throw new RrdError(`reading the ${what} of '${this.#name}': the file ends at ${offset + done}`);
      done += count;
    }
    return bytes;
  }

  #write(bytes: Uint8Array, begin: number, length: number, offset: number): void {
    let done = 0;
    while (done < length) {
      try {
        done += writeSync(this.#descriptor, bytes, begin + done, length - done, offset + done);
      } catch (error) {
        throw new RrdError(`writing '${this.#name}': ${systemFault(error)}`, { cause: error });
      }
    }
  }
}

/** Opens, works and closes, whatever happens. @param name what messages call the file */
export function withRrdFile<T>(path: string, mode: "r" | "r+", name: string, work: (file: RrdFile) => T): T {
  const file = new RrdFile(path, mode, name);
  try {
    return work(file);
  } finally {
    file.close();
  }
}
