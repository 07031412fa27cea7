/**
 * The running record of a source's health, and the sink that counts for it.
 * Sources report what happened; what it means is decided here, once.
 */
import type { Clock } from "../core/base/clock.js";
import type { ClusterDirectory } from "../core/model/directory.js";
import type { Frame, FrameSink } from "../core/model/frame.js";
import type { SourceHealth, SourceState } from "../core/model/source.js";
import type { ReportedSums } from "../core/model/summary.js";

export class HealthRecord implements FrameSink {
  address = "";
  skewMs = 0;
  /** Hosts, metrics or datagrams passed over since the start, each time they came. */
  malformed = 0;
  /** Octets received since the start; undefined where nobody counts them. */
  receivedBytes: number | undefined;

  readonly #name: string;
  readonly #type: string;
  readonly #sink: FrameSink;
  readonly #clock: Clock;
  #state: SourceState = "starting";
  #message = "";
  #lastFrameMs = 0;
  #frames = 0;
  #failures = 0;

  constructor(name: string, type: string, sink: FrameSink, clock: Clock) {
    this.#name = name;
    this.#type = type;
    this.#sink = sink;
    this.#clock = clock;
  }

  get state(): SourceState {
    return this.#state;
  }

  directory(clusterName: string): ClusterDirectory | undefined {
    return this.#sink.directory(clusterName);
  }

  /** Hands the frame on, unless the source has been stopped. */
  accept(frame: Frame): void {
    if (this.#state === "stopped") return;
    this.#sink.accept(frame);
    this.#frames++;
    this.#lastFrameMs = this.#clock.nowMs();
  }

  /** Hands the sums on, unless the source has been stopped. */
  acceptSums(sums: ReportedSums): void {
    if (this.#state === "stopped") return;
    this.#sink.acceptSums(sums);
    this.#lastFrameMs = this.#clock.nowMs();
  }

  ok(): void {
    this.#become("ok", "");
  }

  /** Data comes, but not all of it. */
  partly(message: string, failures: number): void {
    this.#failures += failures;
    this.#become("ok", message);
  }

  /** One more failure, with the line that a person sees. */
  failed(message: string): void {
    this.#failures++;
    this.#become("failing", message);
  }

  /** For good: nothing is handed on any more and no later report changes it. */
  stopped(): void {
    this.#state = "stopped";
  }

  snapshot(): SourceHealth {
    return {
      name: this.#name,
      type: this.#type,
      state: this.#state,
      message: this.#message,
      lastFrameMs: this.#lastFrameMs,
      frames: this.#frames,
      failures: this.#failures,
      malformed: this.malformed,
      skewMs: this.skewMs,
      address: this.address,
      ...(this.receivedBytes === undefined ? {} : { receivedBytes: this.receivedBytes }),
    };
  }

  #become(state: SourceState, message: string): void {
    if (this.#state === "stopped") return;
    this.#state = state;
    this.#message = message;
  }
}
