/**
 * Everything that is shown of the present, in one place: the columns, the alerts,
 * the collector's own state, and how fresh all of it is.
 */
import type { Clock } from "../../core/base/clock.js";
import type { ChangesDocument } from "../../core/wire/extension/changes.js";
import type { CollectorLink } from "../api/answers.js";
import { AlertBoard } from "./alert-board.js";
import type { AlertsResult, CollectorStatus } from "./client.js";
import { Store } from "./store.js";

export interface PresentListener {
  /** An answer was applied, perhaps one in which only time moved on. */
  readonly changed?: (changes: ChangesDocument) => void;
  readonly alertsChanged?: () => void;
  /** The collector went or came back. */
  readonly linkChanged?: () => void;
}

/** Everybody who may listen: the hub, and what tests add. */
const LISTENERS_MAX = 16;

export class Present {
  readonly store = new Store();
  alerts = new AlertBoard();
  status: CollectorStatus | undefined;
  readonly counters = { answers: 0, failures: 0, malformed: 0 };
  readonly #clock: Clock;
  readonly #address: string;
  #link: CollectorLink;
  /** monotonicMs when store.nowMs was true. */
  #answeredAtMs = 0;
  readonly #listeners = new Set<PresentListener>();

  /** @param address the collector's, for people to read */
  constructor(clock: Clock, address: string) {
    this.#clock = clock;
    this.#address = address;
    this.#link = {
      connected: false,
      address,
      sinceMs: clock.nowMs(),
      lastAnswerMs: 0,
      error: "not connected yet",
    };
  }

  get link(): CollectorLink {
    return this.#link;
  }

  /** The collector's clock, reckoned on from its newest answer; our own before the first one. Epoch ms. */
  nowMs(): number {
    if (this.store.since === undefined) return this.#clock.nowMs();
    return this.store.nowMs + (this.#clock.monotonicMs() - this.#answeredAtMs);
  }

  /**
   * The instant at which hosts are judged up or down. Without a collector it
   * stands still: hosts of which nobody tells us have not died.
   */
  judgedAtMs(): number {
    return this.#link.connected ? this.nowMs() : this.store.nowMs;
  }

  /** @throws MalformedAnswer with nothing changed */
  apply(changes: ChangesDocument): void {
    this.store.apply(changes);
    this.#answeredAtMs = this.#clock.monotonicMs();
    this.counters.answers++;
    this.#connected();
    for (const listener of this.#listeners) listener.changed?.(changes);
  }

  setAlerts(result: AlertsResult): void {
    const board = new AlertBoard(result);
    const same = board.sameAs(this.alerts);
    this.alerts = board;
    if (same) return;
    for (const listener of this.#listeners) listener.alertsChanged?.();
  }

  /** Called for every failed pull. */
  disconnected(error: string): void {
    const wasConnected = this.#link.connected;
    if (!wasConnected && this.#link.error === error) return;
    const sinceMs = wasConnected ? this.#clock.nowMs() : this.#link.sinceMs;
    this.#link = { ...this.#link, connected: false, sinceMs, error };
    for (const listener of this.#listeners) listener.linkChanged?.();
  }

  /** @returns undoes it */
  listen(listener: PresentListener): () => void {
    if (this.#listeners.size >= LISTENERS_MAX) throw new Error(`BUG: more than ${LISTENERS_MAX} listeners`);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #connected(): void {
    const nowMs = this.#clock.nowMs();
    const wasConnected = this.#link.connected;
    const sinceMs = wasConnected ? this.#link.sinceMs : nowMs;
    this.#link = { connected: true, address: this.#address, sinceMs, lastAnswerMs: nowMs, error: "" };
    if (!wasConnected) for (const listener of this.#listeners) listener.linkChanged?.();
  }
}
