/**
 * What one frame (or one wave of deleted hosts, or one start) changes: collects
 * episodes that begin and end, and makes of them events, one notice for each
 * trigger and receiver, and orders for commands.
 */
import { formatDuration } from "../../core/model/duration.js";
import { type CommandOrder, orderId } from "../actions/command.js";
import type { Notice, NoticeItem, NoticeKind } from "../notify/notice.js";
import { printable } from "../printable.js";
import type { Subject, Transaction } from "./book.js";
import type { Episode } from "./entries.js";
import type { Pair } from "./ledger.js";
import type { Trigger } from "./trigger.js";

/** Why an episode is over. */
type Ending = Exclude<NoticeKind, "fired">;

type FiringPair = Extract<Pair, { state: "firing" }>;

interface NoticeGroup {
  readonly kind: NoticeKind;
  readonly receiver: string;
  readonly first: Episode;
  readonly forMs: number;
  readonly reason: string;
  readonly items: NoticeItem[];
}

export interface PassContext {
  /** Makes episodes of different starts different, should the journal be lost. */
  readonly run: string;
  /** Why a command may not run on the host, undefined if it may. */
  refusal(order: CommandOrder): string | undefined;
}

/** Names from the network in one line of text. */
const NAME_SHOWN_MAX = 100;

export class Pass {
  readonly transaction: Transaction;
  /** Of the notices made; filled by finish. */
  readonly notices: string[] = [];
  readonly orders: CommandOrder[] = [];
  readonly #context: PassContext;
  readonly #groups = new Map<string, NoticeGroup>();

  constructor(transaction: Transaction, context: PassContext) {
    this.transaction = transaction;
    this.#context = context;
  }

  begin(trigger: Trigger, cluster: string, activeAtMs: number, hosts: readonly string[]): void {
    if (hosts.length === 0) return;
    const { name, condition } = trigger;
    this.transaction.add({ k: "pending", trigger: name, cluster, condition, activeAtMs, hosts });
  }

  /** Pending ones that did not last: nobody needs to know. */
  clear(trigger: string, cluster: string, hosts: readonly string[]): void {
    if (hosts.length > 0) this.transaction.add({ k: "ended", trigger, cluster, hosts });
  }

  fire(trigger: Trigger, cluster: string, host: string, activeAtMs: number, firedAtMs: number, evidence: string): void {
    const { transaction } = this;
    const episode: Episode = {
      id: `${transaction.nextSequence.toString(36)}-${this.#context.run}`,
      trigger: trigger.name,
      cluster,
      host,
      severity: trigger.severity,
      condition: trigger.condition,
      evidence,
      activeAtMs,
      firedAtMs,
    };
    transaction.add({ k: "fired", episode });
    transaction.event("fired", subjectOf(episode), `${trigger.name} fired on ${place(episode)}: ${evidence}`, {
      condition: trigger.condition,
      evidence,
      activeAtMs: String(activeAtMs),
      firedAtMs: String(firedAtMs),
    });
    for (const receiver of trigger.notify) this.#tell("fired", receiver, episode, trigger.forMs, "", itemOf(episode));
    for (const command of trigger.run) this.#order(command, episode);
  }

  /**
   * @param evidence what the condition sees now; "" where nothing can be said
   * @param reason for a person, of an ending that is no recovery
   */
  end(ending: Ending, pair: FiringPair, forMs: number, endedAtMs: number, evidence: string, reason: string): void {
    const { episode, told } = pair;
    this.clear(episode.trigger, episode.cluster, [episode.host]);
    const lasted = formatDuration(Math.max(0, endedAtMs - episode.firedAtMs));
    const where = `${episode.trigger} on ${place(episode)}`;
    const message = ending === "resolved" ? `is over after ${lasted}: ${evidence}` : `ended after ${lasted}: ${reason}`;
    const details = { condition: episode.condition, evidence, reason, endedAtMs: String(endedAtMs), lasted };
    this.transaction.event(
      ending === "expired" ? "expired" : "resolved",
      subjectOf(episode),
      `${where} ${message}`,
      details,
    );
    for (const [receiver, problem] of told) {
      const item = { ...itemOf(episode), evidence: evidence || episode.evidence, endedAtMs, problem };
      this.#tell(ending, receiver, episode, forMs, reason, item);
    }
  }

  /** Makes the notices; nothing may be added afterwards. */
  finish(): void {
    for (const { kind, receiver, first, forMs, reason, items } of this.#groups.values()) {
      const notice: Notice = {
        id: `${first.id}-${kind}-${receiver}`,
        kind,
        receiver,
        trigger: first.trigger,
        cluster: first.cluster,
        severity: first.severity,
        condition: first.condition,
        forMs,
        createdMs: this.transaction.nowMs,
        reason,
        items,
        unrecorded: false,
      };
      this.transaction.add({ k: "notice", notice });
      this.notices.push(notice.id);
    }
  }

  #tell(kind: NoticeKind, receiver: string, episode: Episode, forMs: number, reason: string, item: NoticeItem): void {
    const key = JSON.stringify([kind, receiver, episode.trigger, episode.cluster, reason]);
    const group = this.#groups.get(key);
    if (group !== undefined) group.items.push(item);
    else this.#groups.set(key, { kind, receiver, first: episode, forMs, reason, items: [item] });
  }

  #order(command: string, episode: Episode): void {
    const { trigger, cluster, host, severity, id, evidence } = episode;
    const order = { id: orderId(id, command), command, trigger, cluster, host, severity, episode: id, evidence };
    const refusal = this.#context.refusal(order);
    if (refusal === undefined) {
      this.transaction.add({ k: "command", order });
      this.orders.push(order);
    } else {
      refuseCommand(this.transaction, order, refusal);
    }
  }
}

/** Says that a command was not run, and why. */
export function refuseCommand(transaction: Transaction, order: CommandOrder, reason: string): void {
  const message = `${order.command} was not run for ${place(order)}: ${reason}`;
  transaction.event("command-refused", order, message, { command: order.command, reason });
  transaction.add({ k: "command-done", id: order.id });
}

/** "node3 (khab)" */
export function place(about: { readonly host: string; readonly cluster: string }): string {
  return `${printable(about.host, NAME_SHOWN_MAX)} (${printable(about.cluster, NAME_SHOWN_MAX)})`;
}

function subjectOf({ trigger, cluster, host, severity, id }: Episode): Subject {
  return { trigger, cluster, host, severity, episode: id };
}

function itemOf({ host, id, evidence, activeAtMs, firedAtMs }: Episode): NoticeItem {
  return { host, episode: id, evidence, activeAtMs, firedAtMs, endedAtMs: 0, problem: "" };
}
