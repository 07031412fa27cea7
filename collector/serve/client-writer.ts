/**
 * Sends a document to one client. The document is finished beforehand (see
 * documents.ts), so a client that does not read holds up nobody: it is given a
 * total time and a time for each chunk, and then dropped.
 */
import type { Socket } from "node:net";
import type { Clock, Timer } from "../../core/base/clock.js";
import type { Outcome } from "./counters.js";

export interface WriteLimits {
  /** For the whole document. */
  readonly totalMs: number;
  /** For the kernel to take one chunk of 64 KiB. */
  readonly stallMs: number;
  /** For the client to close its side after it was sent everything. */
  readonly lingerMs: number;
}

export const WRITE_LIMITS: WriteLimits = Object.freeze({ totalMs: 30_000, stallMs: 10_000, lingerMs: 5_000 });

/**
 * Resolves when the socket is closed; never rejects.
 * @param sent told of the bytes that the kernel has taken
 */
export function writeToClient(
  socket: Socket,
  chunks: readonly Buffer[],
  clock: Clock,
  sent: (bytes: number) => void,
  limits: WriteLimits = WRITE_LIMITS,
): Promise<Outcome> {
  return new Promise((resolve) => {
    let outcome: Outcome = "left";
    let next = 0;
    let step: Timer | undefined;
    const drop = () => {
      if (outcome !== "answered") outcome = "slow";
      socket.destroy();
    };
    const total = clock.setTimer(drop, limits.totalMs);
    const onClose = () => {
      total.cancel();
      step?.cancel();
      resolve(outcome);
    };
    const writeNext = () => {
      step?.cancel();
      if (socket.destroyed) return;
      const chunk = chunks[next++];
      step = clock.setTimer(drop, limits.stallMs);
      if (chunk !== undefined) {
        socket.write(chunk, (error) => {
          if (error) return;
          sent(chunk.length);
          writeNext();
        });
        return;
      }
      socket.end(() => {
        outcome = "answered";
        step?.cancel();
        step = clock.setTimer(drop, limits.lingerMs);
      });
    };
    if (socket.closed) return onClose();
    socket.once("close", onClose);
    // What a client still sends is thrown away: unread bytes at the close would
    // become a reset, and a reset takes the end of the reply with it.
    socket.resume();
    writeNext();
  });
}
