/**
 * What the engine knows by name: who is pending or firing, which notices and
 * commands are not finished, the newest events. Changed by entries alone, live
 * and in replay alike, so that a restart comes to the same state.
 */
import { GrateError } from "../../core/base/errors.js";
import type { StateKey } from "../../core/model/kept-state.js";
import type { CommandOrder } from "../actions/command.js";
import type { Notice } from "../notify/notice.js";
import { type Entry, type Episode, JOURNAL_VERSION, type Told } from "./entries.js";
import { EventRing } from "./event-ring.js";
import { alertKey, commandKey, judgedKey, noticeKey } from "./state-keys.js";

export type Pair =
  | { readonly state: "pending"; readonly activeAtMs: number; readonly condition: string }
  | { readonly state: "firing"; readonly episode: Episode; readonly told: Map<string, string> };

export interface UnfinishedCommand {
  readonly order: CommandOrder;
  /** It may have run; it must not be run again. */
  started: boolean;
}

export interface LocatedPair {
  readonly cluster: string;
  readonly trigger: string;
  readonly host: string;
  readonly pair: Pair;
}

const NO_PAIRS: ReadonlyMap<string, Pair> = new Map();

export class Ledger {
  /** Number of the newest event. */
  sequence = 0;
  readonly events = new EventRing();
  /** Frame time at which each cluster was judged last, as far as it is recorded. */
  readonly times = new Map<string, number>();
  /** In the order in which they were made. */
  readonly notices = new Map<string, Notice>();
  readonly commands = new Map<string, UnfinishedCommand>();
  /** Cluster, then trigger, then host. */
  readonly #pairs = new Map<string, Map<string, Map<string, Pair>>>();

  readonly #changed: (key: StateKey) => void;

  /** @param changed told of all that changes but events and a reset */
  constructor(changed: (key: StateKey) => void = () => {}) {
    this.#changed = changed;
  }

  /** By host; do not keep it over a change. */
  pairs(cluster: string, trigger: string): ReadonlyMap<string, Pair> {
    return this.#pairs.get(cluster)?.get(trigger) ?? NO_PAIRS;
  }

  *allPairs(): Generator<LocatedPair> {
    for (const cluster of this.#pairs.keys()) yield* this.clusterPairs(cluster);
  }

  *clusterPairs(cluster: string): Generator<LocatedPair> {
    for (const [trigger, pairs] of this.#pairs.get(cluster) ?? []) {
      for (const [host, pair] of pairs) yield { cluster, trigger, host, pair };
    }
  }

  /** @throws GrateError if a newer program wrote it */
  apply(entry: Entry): void {
    switch (entry.k) {
      case "reset":
        this.#reset(entry.version, entry.sequence);
        return;
      case "time":
        this.times.set(entry.cluster, entry.timeMs);
        this.#changed(judgedKey(entry.cluster));
        return;
      case "pending": {
        const pair: Pair = { state: "pending", activeAtMs: entry.activeAtMs, condition: entry.condition };
        for (const host of entry.hosts) this.#set(entry.cluster, entry.trigger, host, pair);
        return;
      }
      case "fired": {
        const { cluster, trigger, host } = entry.episode;
        this.#set(cluster, trigger, host, { state: "firing", episode: entry.episode, told: new Map(entry.told ?? []) });
        return;
      }
      case "ended":
        this.#end(entry.cluster, entry.trigger, entry.hosts);
        return;
      case "event":
        this.sequence = entry.event.sequence;
        this.events.push(entry.event);
        return;
      case "notice":
        this.#setNotice(entry.notice);
        if (entry.notice.kind === "fired") this.#tell(entry.notice);
        return;
      case "notice-done":
        this.#finishNotice(entry.id, entry.delivered);
        return;
      case "command":
        this.commands.set(entry.order.id, { order: entry.order, started: entry.started ?? false });
        this.#changed(commandKey(entry.order));
        return;
      case "command-started": {
        const command = this.commands.get(entry.id);
        if (command === undefined) return;
        command.started = true;
        this.#changed(commandKey(command.order));
        return;
      }
      case "command-done": {
        const command = this.commands.get(entry.id);
        if (command === undefined) return;
        this.commands.delete(entry.id);
        this.#changed(commandKey(command.order));
        return;
      }
    }
  }

  /** Its intent could not be written down; says so in the notice itself. */
  markUnrecorded(noticeId: string): void {
    const notice = this.notices.get(noticeId);
    if (notice !== undefined) this.#setNotice({ ...notice, unrecorded: true });
  }

  /** Entries that lead an empty ledger to this state. */
  *snapshot(): Generator<Entry> {
    yield { k: "reset", version: JOURNAL_VERSION, sequence: this.sequence };
    for (const [cluster, timeMs] of this.times) yield { k: "time", cluster, timeMs };
    for (const { cluster, trigger, host, pair } of this.allPairs()) {
      if (pair.state === "pending") {
        const { activeAtMs, condition } = pair;
        yield { k: "pending", trigger, cluster, condition, activeAtMs, hosts: [host] };
      } else {
        yield { k: "fired", episode: pair.episode, told: [...pair.told] satisfies Told[] };
      }
    }
    for (const notice of this.notices.values()) yield { k: "notice", notice };
    for (const { order, started } of this.commands.values()) yield { k: "command", order, started };
    for (const event of this.events.all()) yield { k: "event", event };
  }

  #reset(version: number, sequence: number): void {
    if (version > JOURNAL_VERSION) {
      throw new GrateError(
        `the journal of the triggers has version ${version}, this program reads versions up to ${JOURNAL_VERSION}`,
      );
    }
    this.sequence = sequence;
    this.events.clear();
    this.times.clear();
    this.notices.clear();
    this.commands.clear();
    this.#pairs.clear();
  }

  #set(cluster: string, trigger: string, host: string, pair: Pair): void {
    const triggers = this.#pairs.get(cluster) ?? new Map<string, Map<string, Pair>>();
    this.#pairs.set(cluster, triggers);
    const pairs = triggers.get(trigger) ?? new Map<string, Pair>();
    triggers.set(trigger, pairs);
    pairs.set(host, pair);
    this.#changed(alertKey(cluster, trigger, host));
  }

  #end(cluster: string, trigger: string, hosts: readonly string[]): void {
    const triggers = this.#pairs.get(cluster);
    const pairs = triggers?.get(trigger);
    if (triggers === undefined || pairs === undefined) return;
    for (const host of hosts) if (pairs.delete(host)) this.#changed(alertKey(cluster, trigger, host));
    if (pairs.size === 0) triggers.delete(trigger);
    if (triggers.size === 0) this.#pairs.delete(cluster);
  }

  #tell(notice: Notice): void {
    const pairs = this.pairs(notice.cluster, notice.trigger);
    for (const item of notice.items) {
      const pair = pairs.get(item.host);
      if (pair?.state !== "firing" || pair.episode.id !== item.episode) continue;
      pair.told.set(notice.receiver, notice.id);
      this.#changed(alertKey(notice.cluster, notice.trigger, item.host));
    }
  }

  #finishNotice(id: string, delivered: boolean): void {
    const notice = this.notices.get(id);
    if (notice === undefined) return;
    this.#dropNotice(notice);
    if (delivered || notice.kind !== "fired") return;
    // Who was not told of the problem is not told of its end either.
    const pairs = this.pairs(notice.cluster, notice.trigger);
    for (const item of notice.items) {
      const pair = pairs.get(item.host);
      if (pair?.state !== "firing" || pair.told.get(notice.receiver) !== id) continue;
      pair.told.delete(notice.receiver);
      this.#changed(alertKey(notice.cluster, notice.trigger, item.host));
    }
    for (const other of [...this.notices.values()]) {
      if (other.kind === "fired" || other.receiver !== notice.receiver) continue;
      const items = other.items.filter((item) => item.problem !== id);
      if (items.length === 0) this.#dropNotice(other);
      else if (items.length < other.items.length) this.#setNotice({ ...other, items });
    }
  }

  #setNotice(notice: Notice): void {
    this.notices.set(notice.id, notice);
    this.#changed(noticeKey(notice));
  }

  #dropNotice(notice: Notice): void {
    this.notices.delete(notice.id);
    this.#changed(noticeKey(notice));
  }
}
