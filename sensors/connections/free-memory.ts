/** Gives memory back at once that only a garbage collection would give back otherwise, and nobody knows when. */
import { MessageChannel, type MessagePort } from "node:worker_threads";

let nobody: MessagePort | undefined;

/**
 * Sent to a port that nobody listens at any more, the memory is dropped with the message.
 * @param memory of its own, no slice of a pool; empty afterwards, and so is every view of it
 */
export function freeNow(memory: ArrayBuffer): void {
  nobody ??= closedPort();
  nobody.postMessage(undefined, [memory]);
}

function closedPort(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  return port1;
}
