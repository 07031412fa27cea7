/**
 * A connection to rrdcached: a line there, an answer back, in order. The first line of an answer begins with a number:
 * below 0 an error, else how many lines follow. Opened when something is asked and again after it broke.
 */
import { connect, type Socket } from "node:net";
import { type Clock, withDeadline } from "../../../../core/base/clock.js";
import { messageOf } from "../../../../core/base/errors.js";
import { StorageError } from "../../../errors.js";
import type { DaemonAddress } from "./daemon-address.js";

/** It writes a batch of updates to its memory within milliseconds; a flush waits for the disk. */
const ANSWER_MAX_MS = 5_000;

/** Its longest line has 4 kB; a batch with an error in each line stays below. */
const ANSWER_BYTES_MAX = 4 * 2 ** 20;

const WAITING_MAX = 1_024;

export interface DaemonAnswer {
  readonly status: number;
  readonly text: string;
  readonly lines: readonly string[];
}

interface Waiting {
  resolve(answer: DaemonAnswer): void;
  reject(error: StorageError): void;
}

export class DaemonClient {
  readonly #address: DaemonAddress;
  readonly #clock: Clock;
  #socket: Socket | undefined;
  #received = "";
  #waiting: Waiting[] = [];

  constructor(address: DaemonAddress, clock: Clock) {
    this.#address = address;
    this.#clock = clock;
  }

  /**
   * @param text one line or more, each with its end
   * @param answers how many the daemon gives to it
   * @throws StorageError storage-io if it does not answer in time or at all; the connection is closed then
   */
  async ask(text: string, answers = 1): Promise<DaemonAnswer[]> {
    if (this.#waiting.length + answers > WAITING_MAX) {
      throw new StorageError("storage-busy", `${WAITING_MAX} answers of rrdcached are waited for already`);
    }
    const socket = this.#socket ?? this.#open();
    const waited = Array.from(
      { length: answers },
      () => new Promise<DaemonAnswer>((resolve, reject) => this.#waiting.push({ resolve, reject })),
    );
    socket.write(text);
    const tooLate = () => new StorageError("storage-io", `rrdcached ${this.#name()}: no answer in ${ANSWER_MAX_MS} ms`);
    try {
      return await withDeadline(this.#clock, Promise.all(waited), ANSWER_MAX_MS, tooLate);
    } catch (error) {
      if (this.#socket === socket) this.#fail(error as StorageError);
      await Promise.allSettled(waited);
      throw error;
    }
  }

  close(): void {
    this.#fail(new StorageError("storage-closed", `the connection to rrdcached ${this.#name()} is closed`));
  }

  #open(): Socket {
    const socket = connect(this.#address).setEncoding("utf8");
    this.#socket = socket;
    this.#received = "";
    const failed = (what: string) => {
      if (this.#socket === socket) this.#fail(new StorageError("storage-io", `rrdcached ${this.#name()}: ${what}`));
    };
    socket.on("error", (error) => failed(messageOf(error)));
    socket.on("close", () => failed("it closed the connection"));
    socket.on("data", (text: string) => {
      if (this.#socket !== socket) return;
      this.#received += text;
      if (this.#received.length > ANSWER_BYTES_MAX) failed("its answer is too long");
      else if (!this.#settle()) failed("its answer begins with no number");
    });
    return socket;
  }

  /** @returns false for what is no answer */
  #settle(): boolean {
    while (this.#received.includes("\n")) {
      const end = this.#received.indexOf("\n");
      const [, status, text] = /^(-?\d{1,7}) ?(.*)$/.exec(this.#received.slice(0, end)) ?? [];
      if (status === undefined || text === undefined || this.#waiting.length === 0) return false;
      const lines: string[] = [];
      let at = end + 1;
      while (lines.length < Number(status)) {
        const next = this.#received.indexOf("\n", at);
        if (next < 0) return true;
        lines.push(this.#received.slice(at, next));
        at = next + 1;
      }
      this.#received = this.#received.slice(at);
      this.#waiting.shift()?.resolve({ status: Number(status), text, lines });
    }
    return true;
  }

  #fail(error: StorageError): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(error);
  }

  #name(): string {
    const address = this.#address;
    return "path" in address ? address.path : `${address.host}:${address.port}`;
  }
}
