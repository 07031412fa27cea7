/**
 * What the store has not been told yet of how the alerts stand. At a start that is
 * everything, later what has changed since: names alone, so that what changes ten
 * times before the store is told goes there once.
 */
import type { Clock } from "../../core/base/clock.js";
import type { StateChanges, StateKey, StateRow } from "../../core/model/kept-state.js";
import { allKeys, rowOf } from "./kept-rows.js";
import type { Ledger } from "./ledger.js";

/** Rows given at a time: measured, 2,000 are made and copied to another thread in some 10 ms of the main loop. */
const ROWS_MAX = 1_000;

/** And their texts: a notice of thousands of hosts has megabytes. */
const CHARACTERS_MAX = 4 * 2 ** 20;

/** More changes than this are not remembered one by one: then everything is given anew. */
const CHANGED_MAX = 10_000;

/**
 * What fires, ends or is told comes with an event, and is given with it. What is only pending comes and goes with
 * every other frame, and so does the time at which a cluster was judged: that goes along with events, and by itself
 * only this often. So much at most is lost of what was pending if the journal is.
 */
const QUIET_EVERY_MS = 60_000;

export class StateMirror {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #run: string;
  #all = true;
  #editions = 0;
  /** Of all, those not given yet, while they are given in parts. */
  #rest: StateKey[] | undefined;
  readonly #changed = new Map<string, StateKey>();
  /** There were more changes than one part holds. */
  #isMidway = false;
  #givenMs: number;

  /** @param run names this start of the engine */
  constructor(ledger: Ledger, clock: Clock, run: string) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#run = run;
    this.#givenMs = clock.monotonicMs();
  }

  /** Whether there is something that should not wait for the next event. */
  get isDue(): boolean {
    if (this.#all || this.#rest !== undefined || this.#isMidway) return true;
    return this.#changed.size > 0 && this.#clock.monotonicMs() - this.#givenMs >= QUIET_EVERY_MS;
  }

  changed(key: StateKey): void {
    if (this.#all) return;
    this.#changed.set(JSON.stringify([key.cluster, key.trigger, key.host, key.task]), key);
    if (this.#changed.size > CHANGED_MAX) this.giveAll();
  }

  /** The store has nothing of it, or nobody knows what it has. */
  giveAll(): void {
    this.#all = true;
    this.#rest = undefined;
    this.#isMidway = false;
    this.#changed.clear();
  }

  /**
   * The ledger as it is now. What is taken counts as given; if it cannot be, call giveAll.
   * @returns undefined if nothing has changed
   */
  take(): StateChanges | undefined {
    if (this.#all) {
      this.#all = false;
      this.#editions++;
      this.#rest = [...allKeys(this.#ledger)];
    }
    this.#givenMs = this.#clock.monotonicMs();
    if (this.#rest !== undefined) return this.#takePart(this.#rest);
    return this.#changed.size > 0 ? this.#takeChanges() : undefined;
  }

  #takePart(rest: StateKey[]): StateChanges {
    const { rows, keys } = this.#rows(rest);
    this.#rest = keys < rest.length ? rest.slice(keys) : undefined;
    // What is gone by now is among the changes, and no edition before this one counts after the last part.
    return { edition: this.#edition, step: this.#rest === undefined ? "last" : "part", rows, gone: [] };
  }

  #takeChanges(): StateChanges {
    const { rows, gone, keys } = this.#rows(this.#changed.values());
    forget(this.#changed, keys);
    this.#isMidway = this.#changed.size > 0;
    return { edition: this.#edition, step: "change", rows, gone };
  }

  get #edition(): string {
    return `${this.#run}-${this.#editions}`;
  }

  /** @returns rows of the first keys, and how many of the keys that were */
  #rows(wanted: Iterable<StateKey>): { rows: StateRow[]; gone: StateKey[]; keys: number } {
    const rows: StateRow[] = [];
    const gone: StateKey[] = [];
    let characters = 0;
    let keys = 0;
    for (const key of wanted) {
      keys++;
      const row = rowOf(this.#ledger, key);
      if (row === undefined) gone.push(key);
      else rows.push(row);
      characters += row?.json.length ?? 0;
      if (keys === ROWS_MAX || characters >= CHARACTERS_MAX) break;
    }
    return { rows, gone, keys };
  }
}

/** Takes the oldest ones away. */
function forget(keys: Map<string, StateKey>, count: number): void {
  let left = count;
  for (const name of keys.keys()) {
    if (left-- === 0) return;
    keys.delete(name);
  }
}
