/**
 * Commands from order to outcome. A command runs at most once: that it starts is
 * in the journal, on the disk, before it does; what was started and has no
 * outcome after a crash is never run again.
 */
import type { Clock } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import type { Logger } from "../../core/base/log.js";
import type { CommandConfig } from "../config.js";
import type { Book, Transaction } from "../engine/book.js";
import { place, refuseCommand } from "../engine/pass.js";
import { globTest, type NameTest } from "../glob.js";
import { printable } from "../printable.js";
import { type FilledArgv, fillArgv, isSafeValue } from "./argv.js";
import type { CommandOrder } from "./command.js";
import type { ProcessResult, RunningProcess, RunProcess } from "./process.js";

/** More at once would load the machine that is to watch the others. */
export const RUNNING_MAX = 4;

/** Waiting ones besides; a further one is refused. */
export const WAITING_MAX = 256;

/** Where programs are looked for that are given without a path. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface CommandHealth {
  readonly running: number;
  readonly waiting: number;
}

export class CommandDesk {
  readonly #book: Book;
  readonly #commands: Readonly<Record<string, CommandConfig>>;
  readonly #hosts: ReadonlyMap<string, NameTest>;
  readonly #run: RunProcess;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #waiting: CommandOrder[] = [];
  readonly #running = new Map<string, { process: RunningProcess; done: Promise<void> }>();
  /** From before the start, by cluster: it is not known yet whether the alert still stands. */
  readonly #held = new Map<string, CommandOrder[]>();
  #stopped = false;

  constructor(
    book: Book,
    commands: Readonly<Record<string, CommandConfig>>,
    run: RunProcess,
    clock: Clock,
    logger: Logger,
  ) {
    this.#book = book;
    this.#commands = commands;
    this.#hosts = new Map(Object.entries(commands).map(([name, command]) => [name, globTest(command.hosts)]));
    this.#run = run;
    this.#clock = clock;
    this.#logger = logger;
  }

  health(): CommandHealth {
    return { running: this.#running.size, waiting: this.#book.ledger.commands.size - this.#running.size };
  }

  /** Takes over what an earlier run left unfinished. */
  restore(): void {
    const left = [...this.#book.ledger.commands.values()];
    this.#book.transact((transaction) => {
      for (const { order, started } of left) {
        // With part of the journal lost, the record of a start may be among the lost.
        if (!started && !this.#book.damaged) continue;
        const reason = started
          ? "Grate ended before it did"
          : "part of the journal is lost, it cannot be said whether it was started";
        const message = `how ${order.command} for ${place(order)} ended is not known: ${reason}; it is not run again`;
        transaction.event("command-unknown", order, message, { command: order.command, reason });
        transaction.add({ k: "command-done", id: order.id });
      }
    });
    for (const { order } of this.#book.ledger.commands.values()) {
      const held = this.#held.get(order.cluster);
      if (held === undefined) this.#held.set(order.cluster, [order]);
      else held.push(order);
    }
  }

  /** The cluster has been judged. */
  release(cluster: string): void {
    const held = this.#held.get(cluster);
    if (held === undefined) return;
    this.#held.delete(cluster);
    this.add(held);
  }

  /** @returns why the command may not run for this host, undefined if it may wait for its turn */
  refusal(order: CommandOrder): string | undefined {
    if (this.#book.ledger.commands.size >= RUNNING_MAX + WAITING_MAX) {
      return `${WAITING_MAX} commands are waiting, there is no room for more`;
    }
    const prepared = this.#prepare(order);
    return "refusal" in prepared ? prepared.refusal : undefined;
  }

  /** The orders are in the journal. */
  add(orders: readonly CommandOrder[]): void {
    this.#waiting.push(...orders);
    this.#pump();
  }

  /** The orders could not be written down, so they are not carried out. */
  refuseAll(orders: readonly CommandOrder[], reason: string): void {
    if (orders.length === 0) return;
    this.#book.transact((transaction) => {
      for (const order of orders) refuseCommand(transaction, order, reason);
    });
  }

  /**
   * Running ones may end within the first half of the time, then they are ended.
   * Waiting ones stay in the journal.
   */
  async stop(limitMs: number): Promise<void> {
    this.#stopped = true;
    if (this.#running.size === 0) return;
    const half = limitMs / 2;
    const timer = this.#clock.setTimer(() => {
      for (const { process } of this.#running.values()) process.terminate(half);
    }, half);
    await Promise.all([...this.#running.values()].map(({ done }) => done));
    timer.cancel();
  }

  #pump(): void {
    while (!this.#stopped && this.#running.size < RUNNING_MAX) {
      const order = this.#waiting.shift();
      if (order === undefined) return;
      this.#start(order);
    }
  }

  #start(order: CommandOrder): void {
    const pair = this.#book.ledger.pairs(order.cluster, order.trigger).get(order.host);
    if (pair?.state !== "firing" || pair.episode.id !== order.episode) {
      this.refuseAll([order], "the alert ended before its turn came");
      return;
    }
    const command = this.#commands[order.command];
    const prepared = this.#prepare(order);
    if ("refusal" in prepared || command === undefined) {
      this.refuseAll([order], "refusal" in prepared ? prepared.refusal : "");
      return;
    }
    const { argv } = prepared;
    const recorded = this.#book.transactDurably((transaction) => {
      const message = `${order.command} was started for ${place(order)}: ${argv.join(" ")}`;
      const details = { command: order.command, argv: JSON.stringify(argv) };
      transaction.event("command-started", order, printable(message, 1_000), details);
      transaction.add({ k: "command-started", id: order.id });
    });
    if (!recorded) {
      this.refuseAll([order], `the journal cannot be written: ${this.#book.health().message}`);
      return;
    }
    const process = this.#run({ argv, env: environment(order, command.env), timeoutMs: command.timeout });
    const done = process.result.then((result) => this.#finish(order, argv, result));
    this.#running.set(order.id, { process, done });
  }

  #finish(order: CommandOrder, argv: readonly string[], result: ProcessResult): void {
    this.#running.delete(order.id);
    try {
      this.#book.transact((transaction) => finished(transaction, order, argv, result));
    } catch (error) {
      this.#logger.error({ error: messageOf(error), command: order.id }, "BUG: the end of a command was not recorded");
    }
    this.#pump();
  }

  #prepare(order: CommandOrder): FilledArgv {
    const command = this.#commands[order.command];
    if (command === undefined) return { refusal: "there is no command of this name in the configuration any more" };
    if (!isSafeValue(order.host)) {
      return {
        refusal: `host ${JSON.stringify(printable(order.host, 100))} is no name of letters, digits, dots, dashes and underscores`,
      };
    }
    if (this.#hosts.get(order.command)?.(order.host) !== true) {
      return { refusal: `it may run for hosts ${command.hosts.join(", ")} only` };
    }
    return fillArgv(command.run, order);
  }
}

function finished(transaction: Transaction, order: CommandOrder, argv: readonly string[], result: ProcessResult): void {
  const { exitCode, signal, error, timedOut, stopped, durationMs, stdout, stderr } = result;
  const message = `${order.command} for ${place(order)} ${outcome(result)} after ${durationMs} ms`;
  const details = {
    command: order.command,
    argv: JSON.stringify(argv),
    ...(exitCode === undefined ? {} : { exitCode: String(exitCode) }),
    ...(signal === undefined ? {} : { signal }),
    ...(error === "" ? {} : { error: printable(error, 1_000) }),
    ...(stopped ? { stopped: "true" } : {}),
    timedOut: String(timedOut),
    durationMs: String(durationMs),
    stdout,
    stderr,
  };
  transaction.event("command-finished", order, message, details);
  transaction.add({ k: "command-done", id: order.id });
}

function outcome({ exitCode, signal, error, timedOut, stopped }: ProcessResult): string {
  if (error !== "") return `could not be started: ${printable(error, 300)};`;
  if (timedOut) return "was ended because its time was up";
  if (stopped) return "was ended because Grate stops";
  return signal === undefined ? `ended with exit code ${exitCode}` : `was ended by ${signal}`;
}

function environment(order: CommandOrder, configured: Readonly<Record<string, string>>): Record<string, string> {
  return {
    PATH: DEFAULT_PATH,
    ...configured,
    GRATE_TRIGGER: order.trigger,
    GRATE_CLUSTER: printable(order.cluster, 512),
    GRATE_HOST: order.host,
    GRATE_SEVERITY: order.severity,
    GRATE_EPISODE: order.episode,
    GRATE_VALUE: order.evidence,
  };
}
