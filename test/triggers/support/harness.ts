/** An engine on a virtual clock, with receivers, programs and a disk that do as they are told. */
import { type Logger, silentLogger } from "../../../core/base/log.js";
import type { AlertEvent } from "../../../core/model/alert.js";
import type { ProcessOrder, ProcessResult, RunProcess } from "../../../triggers/actions/process.js";
import { commandsSchema, type TriggersConfig, triggersSchema } from "../../../triggers/config.js";
import type { EventSink } from "../../../triggers/engine/event-feed.js";
import { recordLogJournal } from "../../../triggers/engine/journal-log.js";
import { TriggerEngine } from "../../../triggers/engine.js";
import type { Notice } from "../../../triggers/notify/notice.js";
import type { Delivery, Receiver } from "../../../triggers/notify/receiver.js";
import { MemoryLogFiles } from "../../support/memory-log-files.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { TestTable } from "./table.js";

export const START_MS = 1_700_000_000_000;

export class TestReceiver implements Receiver {
  readonly recipients: readonly string[];
  /** Every attempt. */
  readonly attempts: Notice[] = [];
  answer: (notice: Notice, recipients: readonly string[], signal: AbortSignal) => Delivery | Promise<Delivery> = (
    _notice,
    recipients,
  ) => ({ delivered: recipients, refused: [], deferred: [] });

  constructor(recipients: readonly string[] = ["root@khab"]) {
    this.recipients = recipients;
  }

  async deliver(notice: Notice, recipients: readonly string[], signal: AbortSignal): Promise<Delivery> {
    this.attempts.push(notice);
    return this.answer(notice, recipients, signal);
  }

  /** "fired hot node1,node2" for each attempt. */
  get told(): string[] {
    return this.attempts.map(
      ({ kind, trigger, items }) => `${kind} ${trigger} ${items.map(({ host }) => host).join(",")}`,
    );
  }
}

/** An answer for a receiver. */
export const deferred = (_notice: Notice, recipients: readonly string[]): Delivery => ({
  delivered: [],
  refused: [],
  deferred: recipients.map((recipient) => ({ recipient, reason: "451 later" })),
});
export const refused = (_notice: Notice, recipients: readonly string[]): Delivery => ({
  delivered: [],
  refused: recipients.map((recipient) => ({ recipient, reason: "550 no" })),
  deferred: [],
});

export const ENDED_WELL: ProcessResult = {
  exitCode: 0,
  signal: undefined,
  error: "",
  timedOut: false,
  stopped: false,
  durationMs: 5,
  stdout: "done\n",
  stderr: "",
};

export class TestPrograms {
  readonly started: ProcessOrder[] = [];
  /** Called when it is terminated. */
  readonly terminated: number[] = [];
  /** Each program ends at once; set to false they wait for `end`. */
  endAtOnce = true;
  readonly #waiting: ((result: ProcessResult) => void)[] = [];

  readonly run: RunProcess = (order) => {
    this.started.push(order);
    return {
      result: this.endAtOnce ? Promise.resolve(ENDED_WELL) : new Promise((resolve) => this.#waiting.push(resolve)),
      terminate: (graceMs) => {
        this.terminated.push(graceMs);
        this.end({ ...ENDED_WELL, exitCode: undefined, signal: "SIGTERM", stopped: true });
      },
    };
  };

  /** The oldest one that still runs ends. */
  end(result: ProcessResult = ENDED_WELL): void {
    this.#waiting.shift()?.(result);
  }
}

export interface HarnessOptions {
  readonly triggers: readonly object[];
  readonly commands?: Readonly<Record<string, object>>;
  readonly receivers?: ReadonlyMap<string, Receiver>;
  readonly files?: MemoryLogFiles;
  readonly programs?: TestPrograms;
  readonly table?: TestTable;
  readonly startMs?: number;
  readonly eventSink?: EventSink;
  readonly run?: string;
  readonly logger?: Logger;
}

export class Harness {
  readonly clock: VirtualClock;
  readonly table: TestTable;
  readonly files: MemoryLogFiles;
  readonly ops: TestReceiver;
  readonly programs: TestPrograms;
  readonly engine: TriggerEngine;
  readonly #options: HarnessOptions;

  constructor(options: HarnessOptions) {
    this.#options = options;
    this.clock = new VirtualClock(options.startMs ?? START_MS);
    this.table = options.table ?? new TestTable();
    this.files = options.files ?? new MemoryLogFiles();
    this.programs = options.programs ?? new TestPrograms();
    const receivers = options.receivers ?? new Map([["ops", new TestReceiver()]]);
    this.ops = receivers.get("ops") as TestReceiver;
    const config: TriggersConfig = {
      receivers: {},
      commands: commandsSchema.parse(options.commands ?? {}),
      triggers: triggersSchema.parse(options.triggers),
    };
    this.engine = new TriggerEngine({
      config,
      clock: this.clock,
      logger: options.logger ?? silentLogger,
      openJournal: recordLogJournal(this.files),
      receivers,
      runProcess: this.programs.run,
      run: options.run ?? "run1",
      ...(options.eventSink === undefined ? {} : { eventSink: options.eventSink }),
    });
  }

  static async started(options: HarnessOptions): Promise<Harness> {
    const harness = new Harness(options);
    await harness.engine.start();
    return harness;
  }

  /** Seconds since START_MS. */
  get nowS(): number {
    return (this.clock.nowMs() - START_MS) / 1_000;
  }

  /**
   * Time goes on to the given second and a frame comes in.
   * @param values of metric x by host, or of others as "host:metric"
   */
  async frame(atS: number, values: Readonly<Record<string, number | string>>): Promise<void> {
    if (atS > this.nowS) await this.clock.advance((atS - this.nowS) * 1_000);
    const timeMs = START_MS + atS * 1_000;
    for (const [key, value] of Object.entries(values)) {
      const [host, metric = "x"] = key.split(":") as [string, string?];
      this.table.set(host, metric, value, timeMs);
    }
    this.engine.evaluate(this.table, timeMs);
    await this.clock.advance(0);
  }

  /** A crash: the next one finds what was written, and the same world outside. */
  async killed(changes: Partial<HarnessOptions> = {}): Promise<Harness> {
    return Harness.started({
      ...this.#options,
      files: this.files.afterKill(),
      table: this.table,
      programs: this.programs,
      receivers: this.#options.receivers ?? new Map([["ops", this.ops]]),
      startMs: this.clock.nowMs(),
      run: "run2",
      ...changes,
    });
  }

  /** "firing hot node1" */
  get alerts(): string[] {
    return this.engine.alerts().map(({ state, trigger, host }) => `${state} ${trigger} ${host}`);
  }

  /** Oldest first: "fired hot node1" */
  get events(): string[] {
    return this.allEvents.map(({ kind, trigger, host }) => `${kind} ${trigger} ${host}`);
  }

  get allEvents(): AlertEvent[] {
    return this.engine.events(100_000).reverse();
  }

  /** The newest of a kind. */
  event(kind: AlertEvent["kind"]): AlertEvent {
    const found = this.engine.events(100_000).find((event) => event.kind === kind);
    if (found === undefined) throw new Error(`no ${kind} among ${this.events.join(", ")}`);
    return found;
  }
}
