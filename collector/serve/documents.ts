/**
 * Documents on their way to clients. Each is built in one go, so that it shows
 * one moment and not a part of several frames, and stands as bytes until the last
 * client has it. Clients that ask for the same within a second get the same
 * bytes: a document of 1,000 hosts takes 12 MB and some 50 ms to build, which
 * must not happen for each of 64 clients.
 */
import type { Clock, Timer } from "../../core/base/clock.js";

/**
 * All documents held at once. Ten whole dumps of 1,000 hosts, each of another
 * second: that many clients can be slow before a further one is turned away.
 */
const LIVE_BYTES_MAX = 128 * 2 ** 20;

/** One write to the kernel; small enough for progress to be seen, large enough to cost little. */
const CHUNK_BYTES = 64 * 1_024;

const SHARED_FOR_MS = 1_000;

export interface Document {
  readonly chunks: readonly Buffer[];
  readonly bytes: number;
  /** To be called once, when the client has it or has gone. */
  release(): void;
}

interface Held {
  readonly chunks: readonly Buffer[];
  readonly bytes: number;
  users: number;
}

export class Documents {
  readonly #clock: Clock;
  readonly #liveBytesMax: number;
  readonly #shared = new Map<string, Held>();
  readonly #timers = new Set<Timer>();
  #liveBytes = 0;

  constructor(clock: Clock, liveBytesMax = LIVE_BYTES_MAX) {
    this.#clock = clock;
    this.#liveBytesMax = liveBytesMax;
  }

  get liveBytes(): number {
    return this.#liveBytes;
  }

  /**
   * @param key names what is built: the same key within a second gives the same document; undefined shares nothing
   * @returns undefined where too many bytes are held for other clients
   */
  open(key: string | undefined, build: () => Iterable<string>): Document | undefined {
    const shared = key === undefined ? undefined : this.#shared.get(key);
    if (shared !== undefined) return this.#use(shared);
    // Not even built while others hold all there is.
    if (this.#liveBytes >= this.#liveBytesMax) return undefined;
    const chunks = toChunks(build());
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    // A single document that is over the limit alone is still served, one at a time.
    if (this.#liveBytes > 0 && this.#liveBytes + bytes > this.#liveBytesMax) return undefined;
    this.#liveBytes += bytes;
    const held: Held = { chunks, bytes, users: 0 };
    if (key !== undefined) this.#share(key, held);
    return this.#use(held);
  }

  /** For a few words that must be said also when there is no room: not counted. */
  openSmall(build: () => Iterable<string>): Document {
    return this.#use({ chunks: toChunks(build()), bytes: 0, users: 0 });
  }

  /** Forgets what is shared; documents in use stay until they are released. */
  close(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#shared.clear();
  }

  /** The table itself is one user, for a second. */
  #share(key: string, held: Held): void {
    this.#shared.set(key, held);
    const release = this.#use(held).release;
    const timer = this.#clock.setTimer(() => {
      this.#timers.delete(timer);
      this.#shared.delete(key);
      release();
    }, SHARED_FOR_MS);
    this.#timers.add(timer);
  }

  #use(held: Held): Document {
    held.users++;
    let released = false;
    return {
      chunks: held.chunks,
      bytes: held.bytes,
      release: () => {
        if (released) return;
        released = true;
        if (--held.users === 0) this.#liveBytes -= held.bytes;
      },
    };
  }
}

/** Texts as bytes in pieces of one write. Our documents are ASCII throughout, see escapeXml. */
function toChunks(texts: Iterable<string>): Buffer[] {
  const chunks: Buffer[] = [];
  let pending = "";
  const encode = () => {
    const bytes = Buffer.from(pending, "utf8");
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) chunks.push(bytes.subarray(at, at + CHUNK_BYTES));
    pending = "";
  };
  for (const text of texts) {
    pending += text;
    if (pending.length >= CHUNK_BYTES) encode();
  }
  encode();
  return chunks;
}
