/**
 * Sees to it that every notice in the ledger ends: sent, or given up with an
 * event that says why. What was left from before the start waits until its
 * cluster has been judged once, because it may be over by then.
 */
import type { Clock, Timer } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import { type Logger, rateLimited } from "../../core/base/log.js";
import type { Book, Subject, Transaction } from "../engine/book.js";
import { printable } from "../printable.js";
import type { Notice } from "./notice.js";
import { type NoticeOutcome, type QueueHealth, ReceiverQueue } from "./queue.js";
import type { Receiver } from "./receiver.js";

/** A cluster that sends no frame must not keep its problems to itself for ever. */
const HOLD_MAX_MS = 5 * 60_000;

export class Notifier {
  readonly #book: Book;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #queues = new Map<string, ReceiverQueue>();
  /** By cluster, in order. */
  readonly #held = new Map<string, string[]>();
  #holdTimer: Timer | undefined;

  constructor(book: Book, receivers: ReadonlyMap<string, Receiver>, clock: Clock, logger: Logger) {
    this.#book = book;
    this.#clock = clock;
    this.#logger = logger;
    const told = rateLimited(logger, clock);
    for (const [name, receiver] of receivers) {
      const queue: ReceiverQueue = new ReceiverQueue({
        name,
        receiver,
        clock,
        lookUp: (id) => book.ledger.notices.get(id),
        finished: (notice, outcome) => this.#finish(notice, outcome),
        deferred: (reason) =>
          told.warn(
            name,
            { receiver: name, waiting: queue.health.queued, reason: printable(reason, 1_000) },
            "the receiver cannot be told, trying again",
          ),
      });
      this.#queues.set(name, queue);
    }
  }

  /** Takes over what an earlier run left unfinished. */
  restore(): void {
    for (const notice of this.#book.ledger.notices.values()) {
      const held = this.#held.get(notice.cluster);
      if (held === undefined) this.#held.set(notice.cluster, [notice.id]);
      else held.push(notice.id);
    }
    if (this.#held.size === 0) return;
    this.#holdTimer = this.#clock.setTimer(() => {
      for (const cluster of [...this.#held.keys()]) this.release(cluster);
    }, HOLD_MAX_MS);
  }

  /** The cluster has been judged. */
  release(cluster: string): void {
    const held = this.#held.get(cluster);
    if (held === undefined) return;
    this.#held.delete(cluster);
    if (this.#held.size === 0) this.#holdTimer?.cancel();
    for (const id of held) this.add(id);
  }

  /** The notice is in the ledger. */
  add(id: string): void {
    const notice = this.#book.ledger.notices.get(id);
    if (notice === undefined) return;
    const held = this.#held.get(notice.cluster);
    if (held !== undefined) {
      held.push(id);
      return;
    }
    const queue = this.#queues.get(notice.receiver);
    if (queue === undefined) {
      this.#giveUp(notice, "there is no receiver of this name in the configuration any more");
      return;
    }
    const dropped = this.#book.ledger.notices.get(queue.push(id) ?? "");
    if (dropped !== undefined) this.#giveUp(dropped, "too many notices wait for this receiver");
  }

  health(): QueueHealth[] {
    return [...this.#queues.values()].map((queue) => queue.health);
  }

  async stop(graceMs: number): Promise<void> {
    this.#holdTimer?.cancel();
    await Promise.all([...this.#queues.values()].map((queue) => queue.stop(graceMs)));
  }

  #giveUp(notice: Notice, reason: string): void {
    this.#finish(notice, { delivered: [], refused: [{ recipient: "", reason }] });
  }

  #finish(notice: Notice, { delivered, refused }: NoticeOutcome): void {
    try {
      this.#book.transact((transaction) => {
        if (delivered.length > 0) sent(transaction, notice, delivered);
        if (refused.length > 0) {
          const reason = refused.map((refusal) => `${refusal.recipient} ${refusal.reason}`.trim()).join("; ");
          failed(transaction, notice, printable(reason, 1_000));
        }
        transaction.add({ k: "notice-done", id: notice.id, delivered: delivered.length > 0 });
      });
    } catch (error) {
      this.#logger.error({ error: messageOf(error), notice: notice.id }, "BUG: the end of a notice was not recorded");
    }
  }
}

function sent(transaction: Transaction, notice: Notice, recipients: readonly string[]): void {
  const message = `${notice.receiver} was told (${notice.kind}) of ${about(notice)}: ${recipients.join(", ")}`;
  transaction.event("notice-sent", subjectOf(notice), message, {
    ...detailsOf(notice),
    recipients: recipients.join(", "),
  });
}

function failed(transaction: Transaction, notice: Notice, reason: string): void {
  const message = `${notice.receiver} was not told (${notice.kind}) of ${about(notice)}: ${reason}`;
  transaction.event("notice-failed", subjectOf(notice), message, { ...detailsOf(notice), error: reason });
}

function detailsOf(notice: Notice): Record<string, string> {
  const { receiver, id, kind, items, unrecorded } = notice;
  return { receiver, notice: id, kind, hosts: String(items.length), ...(unrecorded ? { unrecorded: "true" } : {}) };
}

/** A notice of many hosts stands under the first of them. */
function subjectOf(notice: Notice): Subject {
  const { trigger, cluster, severity, items } = notice;
  return { trigger, cluster, severity, host: items[0]?.host ?? "", episode: items[0]?.episode ?? "" };
}

function about(notice: Notice): string {
  const first = printable(notice.items[0]?.host ?? "", 100);
  const others = notice.items.length > 1 ? ` and ${notice.items.length - 1} more` : "";
  return `${notice.trigger} on ${first}${others} (${printable(notice.cluster, 100)})`;
}
