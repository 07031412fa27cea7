/**
 * Keeps child processes running: one that ends by itself is started again, later
 * each time. One that ends before it ever worked is not: it would only say the
 * same again. A child says "ready" over its channel when it works.
 */
import { type Clock, sleep, type Timer } from "../../core/base/clock.js";
import type { Logger } from "../../core/base/log.js";
import { formatDuration } from "../../core/model/duration.js";

/** The part of a ChildProcess that is used here. */
export interface Child {
  readonly pid?: number | undefined;
  kill(signal: NodeJS.Signals): boolean;
  once(event: "exit", listener: (code: number | null, signal: NodeJS.Signals | null) => void): unknown;
  once(event: "error", listener: (error: Error) => void): unknown;
  on(event: "message", listener: (message: unknown) => void): unknown;
}

/** What a child sends when it works. */
export const READY_MESSAGE = "ready";

export interface ChildSpec {
  readonly name: string;
  readonly spawn: () => Child;
}

export interface SupervisorOptions {
  /** Each is started when the one before it works for the first time. */
  readonly children: readonly ChildSpec[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Every child has worked once. */
  readonly onReady: () => void;
  /** A child ended before it worked; those before it are still running. */
  readonly onFailed: (name: string, exitCode: number) => void;
}

const BACKOFF_MS = { first: 1_000, last: 30_000 } as const;
/** Who has run this long has got over it; the next end is a new story. */
const STEADY_MS = 60_000;
/** A child stops within 5 s by itself; the parent has promised the same. */
const KILL_AFTER_MS = 4_500;
/** How long the next one waits for its turn to be asked. */
const STOP_TURN_MS = 1_000;

interface Slot {
  readonly spec: ChildSpec;
  child: Child | undefined;
  hasWorked: boolean;
  startedAtMs: number;
  backoffMs: number;
  restart: Timer | undefined;
  ended: () => void;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #slots: readonly Slot[];
  #stopping: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#slots = options.children.map((spec) => ({
      spec,
      child: undefined,
      hasWorked: false,
      startedAtMs: 0,
      backoffMs: BACKOFF_MS.first,
      restart: undefined,
      ended: () => {},
    }));
  }

  start(): void {
    this.#startNext();
  }

  signal(signal: NodeJS.Signals): void {
    for (const { child } of this.#slots) child?.kill(signal);
  }

  /** Asks the children to stop, ends those that do not. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { clock, logger } = this.#options;
    const running = this.#slots.filter((slot) => {
      slot.restart?.cancel();
      return slot.child !== undefined;
    });
    const ends = running.map(
      (slot) =>
        new Promise<void>((resolve) => {
          slot.ended = resolve;
        }),
    );
    const timer = clock.setTimer(() => {
      for (const { spec, child } of running) {
        if (child === undefined) continue;
        logger.error({ child: spec.name }, `${spec.name} does not stop, it is killed`);
        child.kill("SIGKILL");
      }
    }, KILL_AFTER_MS);
    // The last one first: it asks those before it, and would complain of silence.
    for (const [i, slot] of [...running.entries()].toReversed()) {
      slot.child?.kill("SIGTERM");
      if (i > 0) await this.#within(STOP_TURN_MS, ends[i]);
    }
    await Promise.all(ends);
    timer.cancel();
  }

  /** Resolves with the promise, or when its time is over. */
  async #within(limitMs: number, end: Promise<void> | undefined): Promise<void> {
    const ended = new AbortController();
    await Promise.race([end, sleep(this.#options.clock, limitMs, ended.signal)]);
    ended.abort();
  }

  #spawn(slot: Slot): void {
    slot.restart = undefined;
    slot.startedAtMs = this.#options.clock.monotonicMs();
    const child = slot.spec.spawn();
    slot.child = child;
    child.once("exit", (code, signal) => this.#ended(slot, code ?? 1, signal ?? `code ${code}`));
    child.on("message", (message) => {
      if (message === READY_MESSAGE) this.#works(slot);
    });
    child.once("error", (error) => this.#ended(slot, 1, error.message));
  }

  #works(slot: Slot): void {
    if (slot.hasWorked) return;
    slot.hasWorked = true;
    if (this.#stopping === undefined) this.#startNext();
  }

  #startNext(): void {
    const next = this.#slots.find((slot) => !slot.hasWorked);
    if (next === undefined) this.#options.onReady();
    else this.#spawn(next);
  }

  #ended(slot: Slot, exitCode: number, how: string): void {
    // A spawn that fails may tell both of an error and of an end.
    if (slot.child === undefined) return;
    slot.child = undefined;
    slot.ended();
    if (this.#stopping !== undefined) return;
    const { clock, logger, onFailed } = this.#options;
    const { name } = slot.spec;
    if (!slot.hasWorked) {
      onFailed(name, exitCode);
      return;
    }
    if (clock.monotonicMs() - slot.startedAtMs >= STEADY_MS) slot.backoffMs = BACKOFF_MS.first;
    const delayMs = slot.backoffMs;
    slot.backoffMs = Math.min(delayMs * 2, BACKOFF_MS.last);
    logger.error({ child: name, how }, `${name} ended (${how}), started again in ${formatDuration(delayMs)}`);
    slot.restart = clock.setTimer(() => this.#spawn(slot), delayMs);
  }
}
