/** Log segments in memory, on a disk that can be made to fail and a machine that can be killed. */
import type { LogFile, LogFiles } from "../../core/base/record-log.js";

export type LogOperation = "open" | "write" | "sync" | "flush" | "truncate" | "remove" | "read";

interface StoredFile {
  bytes: Uint8Array;
  syncedBytes: number;
}

export class MemoryLogFiles implements LogFiles {
  readonly files = new Map<string, StoredFile>();
  /** Bytes that still fit; a write beyond takes what fits, then fails with ENOSPC. */
  freeBytes = Number.POSITIVE_INFINITY;
  /** Called before each operation, for a write with its bytes; what it throws is the disk's answer. */
  before: (operation: LogOperation, name: string, bytes?: Uint8Array) => void = () => {};
  /** Most bytes one write takes: short writes. */
  writeBytesMax = Number.POSITIVE_INFINITY;
  openHandles = 0;
  /** Ends of flushes that are under way, for the test to call. undefined: files opened now have no flush. */
  flushes: (() => void)[] | undefined;

  list(): string[] {
    return [...this.files.keys()];
  }

  read(name: string): Uint8Array {
    this.before("read", name);
    const file = this.files.get(name);
    if (file === undefined) throw diskError("ENOENT");
    return file.bytes.slice();
  }

  open(name: string): LogFile {
    this.before("open", name);
    let file = this.files.get(name);
    if (file === undefined) {
      file = { bytes: new Uint8Array(0), syncedBytes: 0 };
      this.files.set(name, file);
    }
    this.openHandles++;
    return this.#handle(name, file);
  }

  remove(name: string): void {
    this.before("remove", name);
    this.files.delete(name);
  }

  /** All names with their content, for comparing and for putting in what a test made up. */
  bytesOf(name: string): Uint8Array {
    return (this.files.get(name)?.bytes ?? new Uint8Array(0)).slice();
  }

  put(name: string, bytes: Uint8Array): void {
    this.files.set(name, { bytes: bytes.slice(), syncedBytes: bytes.length });
  }

  /** What the next process finds after a kill -9: all that was written. */
  afterKill(): MemoryLogFiles {
    return this.#copy((file) => file.bytes);
  }

  /** What the next process finds after a power cut in the worst case: all that was synced. */
  afterPowerCut(): MemoryLogFiles {
    return this.#copy((file) => file.bytes.slice(0, file.syncedBytes));
  }

  #copy(bytesOf: (file: StoredFile) => Uint8Array): MemoryLogFiles {
    const copy = new MemoryLogFiles();
    for (const [name, file] of this.files) copy.put(name, bytesOf(file));
    return copy;
  }

  #handle(name: string, file: StoredFile): LogFile {
    let fault: unknown;
    const flush = (done: () => void) => {
      const { length } = file.bytes;
      this.flushes?.push(() => {
        try {
          this.before("flush", name);
          file.syncedBytes = Math.max(file.syncedBytes, Math.min(length, file.bytes.length));
        } catch (error) {
          fault = error;
        }
        done();
      });
    };
    return {
      ...(this.flushes === undefined ? {} : { flush }),
      write: (bytes) => {
        this.before("write", name, bytes);
        const taken = Math.min(bytes.length, this.writeBytesMax, this.freeBytes);
        if (taken === 0) throw diskError("ENOSPC");
        const longer = new Uint8Array(file.bytes.length + taken);
        longer.set(file.bytes);
        longer.set(bytes.subarray(0, taken), file.bytes.length);
        file.bytes = longer;
        this.freeBytes -= taken;
        return taken;
      },
      sync: () => {
        const told = fault;
        fault = undefined;
        if (told !== undefined) throw told;
        this.before("sync", name);
        file.syncedBytes = file.bytes.length;
      },
      truncate: (lengthBytes) => {
        this.before("truncate", name);
        this.freeBytes += file.bytes.length - lengthBytes;
        file.bytes = file.bytes.slice(0, lengthBytes);
        file.syncedBytes = Math.min(file.syncedBytes, lengthBytes);
      },
      close: () => {
        this.openHandles--;
      },
    };
  }
}

/** An error as node:fs throws it. */
export function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: the test's disk says so`), { code });
}
