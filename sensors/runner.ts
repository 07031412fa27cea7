/**
 * Runs probes on this machine and makes one frame of each round.
 *
 * A probe that throws or does not come back costs only its own values: it is
 * counted, logged, told in `grate_probe_ok_<name>`, and the others go on. One
 * that hangs is not called again before it has come back.
 */
import type { Clock } from "../core/base/clock.js";
import { GrateError, messageOf } from "../core/base/errors.js";
import { type RateLimitedLog, rateLimited } from "../core/base/log.js";
import { type ClusterDirectory, NONE } from "../core/model/directory.js";
import { formatDuration } from "../core/model/duration.js";
import { Frame } from "../core/model/frame.js";
import { DEFAULT_HOST_TMAX_S, newHostFacts } from "../core/model/host.js";
import { kindOf } from "../core/model/metric.js";
import type { SourceHealth } from "../core/model/source.js";
import type { SensorConfig } from "./config.js";
import { HealthRecord } from "./health.js";
import type { Machine } from "./machine.js";
import { type Instant, type MetricSpec, metaOf, type Probe, type Reading } from "./probes/probe.js";
import { PeriodicTask } from "./schedule.js";
import { probeOkSpec, probeSecondsSpec } from "./self-metrics.js";
import type { Source, SourceDeps } from "./source.js";
import { within } from "./within.js";

/** A probe reads a few small files. Part of the interval, so that one that hangs does not cost the next round. */
const PROBE_LIMIT_MS = 5_000;
const PROBE_LIMIT_SHARE = 0.8;

interface Slot {
  readonly probe: Probe;
  readonly okSpec: MetricSpec;
  readonly secondsSpec: MetricSpec;
  /** Since when a call is under way, monotonic ms; undefined while none is. */
  busySinceMs: number | undefined;
}

interface Outcome {
  readonly slot: Slot;
  readonly readings: readonly Reading[];
  readonly durationMs: number;
  /** undefined where the probe succeeded. */
  readonly fault: string | undefined;
}

export class SensorSource implements Source {
  readonly #config: SensorConfig;
  readonly #clock: Clock;
  readonly #log: RateLimitedLog;
  readonly #health: HealthRecord;
  readonly #slots: readonly Slot[];
  readonly #task: PeriodicTask;
  readonly #host: string;
  readonly #ip: string;
  readonly #startedS: number;
  readonly #columns = new Map<MetricSpec, number>();
  #frame: Frame | undefined;
  #row = NONE;

  constructor(config: SensorConfig, deps: SourceDeps, probes: readonly Probe[], machine: Machine) {
    this.#config = config;
    this.#clock = deps.clock;
    this.#log = rateLimited(deps.logger, deps.clock);
    this.#health = new HealthRecord(config.name, config.type, deps.sink, deps.clock);
    this.#slots = probes.map((probe) => ({
      probe,
      okSpec: probeOkSpec(probe.name),
      secondsSpec: probeSecondsSpec(probe.name),
      busySinceMs: undefined,
    }));
    this.#host = config.host ?? machine.hostName;
    this.#ip = machine.ip;
    this.#startedS = Math.floor(deps.clock.nowMs() / 1_000);
    this.#task = new PeriodicTask({
      clock: deps.clock,
      everyMs: config.every,
      name: config.name,
      run: (signal) => this.#round(signal),
      onError: (error) => this.#roundFailed(error),
    });
  }

  health(): SourceHealth {
    return this.#health.snapshot();
  }

  async start(): Promise<void> {
    this.#task.start();
  }

  async stop(): Promise<void> {
    this.#health.stopped();
    await this.#task.stop();
  }

  async #round(signal: AbortSignal): Promise<void> {
    const at = { wallMs: this.#clock.nowMs(), monotonicMs: this.#clock.monotonicMs() };
    const outcomes = await Promise.all(this.#slots.map((slot) => this.#measure(slot, at, signal)));
    if (signal.aborted) return;
    for (const { slot, fault } of outcomes) {
      if (fault === undefined) continue;
      this.#log.warn(slot.probe.name, { source: this.#config.name, probe: slot.probe.name, fault }, "probe failed");
    }
    this.#handOver(at, outcomes);
    this.#report(outcomes);
  }

  async #measure(slot: Slot, at: Instant, signal: AbortSignal): Promise<Outcome> {
    const startedMs = this.#clock.monotonicMs();
    let readings: readonly Reading[] = [];
    let fault: string | undefined;
    try {
      readings = await this.#call(slot, at, signal);
    } catch (error) {
      fault = messageOf(error);
    }
    return { slot, readings, durationMs: this.#clock.monotonicMs() - startedMs, fault };
  }

  #call(slot: Slot, at: Instant, signal: AbortSignal): Promise<readonly Reading[]> {
    if (slot.busySinceMs !== undefined) {
      const busyMs = at.monotonicMs - slot.busySinceMs;
      throw new GrateError(`The probe has not come back for ${formatDuration(busyMs)}`);
    }
    slot.busySinceMs = at.monotonicMs;
    // An async function, so that a probe that throws at once rejects like any other.
    const measure = async () => slot.probe.measure(at);
    const readings = measure().finally(() => {
      slot.busySinceMs = undefined;
    });
    const limitMs = Math.min(PROBE_LIMIT_MS, this.#config.every * PROBE_LIMIT_SHARE);
    const tooLate = () => new GrateError(`The probe has not come back within ${formatDuration(limitMs)}`);
    return within(this.#clock, readings, limitMs, signal, tooLate);
  }

  #handOver(at: Instant, outcomes: readonly Outcome[]): void {
    const frame = this.#openFrame();
    frame.timeMs = at.wallMs;
    frame.heard(this.#row, at.wallMs);
    for (const { slot, readings, durationMs, fault } of outcomes) {
      for (const { spec, value } of readings) this.#push(frame, spec, value, at.wallMs);
      this.#push(frame, slot.okSpec, fault === undefined ? 1 : 0, at.wallMs);
      this.#push(frame, slot.secondsSpec, durationMs / 1_000, at.wallMs);
    }
    this.#health.accept(frame);
  }

  /** The frame, empty, with this host's row in it; the row is asked for anew because hosts may be forgotten. */
  #openFrame(): Frame {
    const { cluster } = this.#config;
    if (this.#frame === undefined) {
      const directory = this.#health.directory(cluster);
      if (directory === undefined) throw new GrateError(`There is no room for a cluster named ${cluster}`);
      this.#frame = new Frame(directory, this.#config.name);
    }
    this.#frame.clear();
    this.#findRow(this.#frame.directory);
    return this.#frame;
  }

  #findRow(directory: ClusterDirectory): void {
    if (this.#row !== NONE && directory.findRow(this.#host) === this.#row) return;
    this.#row = directory.row(this.#host);
    if (this.#row === NONE) throw new GrateError(`Cluster ${directory.name} has no room for host ${this.#host}`);
    // What is said of metrics belongs to the row, so it is said again.
    this.#columns.clear();
    directory.describeHost(this.#row, {
      ...newHostFacts(this.#host),
      ip: this.#ip,
      tmaxS: Math.max(DEFAULT_HOST_TMAX_S, this.#everyS),
      startedS: this.#startedS,
    });
  }

  #push(frame: Frame, spec: MetricSpec, value: number | string, timeMs: number): void {
    const column = this.#column(frame.directory, spec);
    if (column === NONE) return;
    if (typeof value === "string") frame.pushText(this.#row, column, value, timeMs);
    // Rounded to what is shown, so that a value means the same wherever it is read.
    else frame.pushNumber(this.#row, column, Number(value.toFixed(spec.decimals)), timeMs, spec.decimals);
  }

  #column(directory: ClusterDirectory, spec: MetricSpec): number {
    const known = this.#columns.get(spec);
    if (known !== undefined) return known;
    const column = directory.column(spec.name, kindOf(spec.type));
    if (column !== NONE) directory.describeMetric(this.#row, column, metaOf(spec, this.#everyS));
    this.#columns.set(spec, column);
    return column;
  }

  #report(outcomes: readonly Outcome[]): void {
    const failed = outcomes.filter(({ fault }) => fault !== undefined);
    const message = failed.map(({ slot, fault }) => `${slot.probe.name}: ${fault}`).join("; ");
    if (failed.length === 0) this.#health.ok();
    else if (failed.length < outcomes.length) this.#health.partly(message, failed.length);
    else this.#health.failed(message);
  }

  #roundFailed(error: unknown): void {
    const message = messageOf(error);
    this.#health.failed(message);
    this.#log.warn("round", { source: this.#config.name, fault: message }, "sensor round failed");
  }

  get #everyS(): number {
    return Math.ceil(this.#config.every / 1_000);
  }
}
