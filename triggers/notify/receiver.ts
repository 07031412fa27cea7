/** What a way of telling people must offer; list.ts names those there are. */
import type { Logger } from "../../core/base/log.js";
import type { Notice } from "./notice.js";

export interface Delivery {
  /** Who has it now; may be empty. */
  readonly delivered: readonly string[];
  /** Who will never take it: do not try again. */
  readonly refused: readonly Refusal[];
  /** Who may take it later: try again. */
  readonly deferred: readonly Refusal[];
}

export interface Refusal {
  readonly recipient: string;
  /** One line for a person. */
  readonly reason: string;
}

export interface Receiver {
  /** Everyone a notice goes to. */
  readonly recipients: readonly string[];
  /**
   * Tells the given recipients. A notice may come again after a crash, so what
   * is sent must carry notice.id where the other side can see that it has it.
   * Never rejects; every recipient stands in one of the three lists. Gives up
   * when the signal aborts.
   */
  deliver(notice: Notice, recipients: readonly string[], signal: AbortSignal): Promise<Delivery>;
}

export interface ReceiverContext {
  readonly logger: Logger;
}
