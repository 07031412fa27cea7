/**
 * Asks the channel for metadata, where the configuration wants that: the one
 * thing that is ever sent. Whoever has a metric of the name answers, whichever
 * host was asked for, so each name is asked for once a minute at most.
 */
import type { Clock } from "../../core/base/clock.js";
import { metadataRequest } from "../../core/wire/ganglia/packets/request.js";
import type { MetricSlot } from "./channel-host.js";

/** Answers come with the next collection, 20 to 40 s later. */
const AGAIN_MS = 60_000;
/** Each question makes every gmond of the cluster answer. */
const PER_SECOND_MAX = 5;
/** As many as may wait for metadata; beyond it the oldest may be asked for again early. */
const ASKED_MAX = 10_000;
/** gmond would read more, but no names are so long. */
const TEXT_MAX = 512;

/** Only such text can be sent as the octets that it came as. */
const ASCII = /^[\x20-\x7e]+$/;

export class ChannelAsker {
  /** Questions sent since the start. */
  asked = 0;
  readonly #clock: Clock;
  readonly #send: (datagram: Uint8Array) => void;
  /** When each name was asked for last, monotonic ms. */
  readonly #askedMs = new Map<string, number>();

  constructor(clock: Clock, send: (datagram: Uint8Array) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Once a second, with the metrics that wait. */
  ask(waiting: Iterable<MetricSlot>): void {
    let left = PER_SECOND_MAX;
    const nowMs = this.#clock.monotonicMs();
    for (const { host, name } of waiting) {
      if (left === 0) return;
      const beforeMs = this.#askedMs.get(name);
      if (beforeMs !== undefined && nowMs - beforeMs < AGAIN_MS) continue;
      this.#remember(name, nowMs);
      const text = host.spoofed ? `${host.key}:${host.name}` : host.name;
      if (!isSendable(name) || !isSendable(text)) continue;
      this.#send(metadataRequest(text, name, host.spoofed));
      this.asked++;
      left--;
    }
  }

  #remember(name: string, nowMs: number): void {
    this.#askedMs.delete(name);
    this.#askedMs.set(name, nowMs);
    if (this.#askedMs.size > ASKED_MAX) this.#askedMs.delete(this.#askedMs.keys().next().value as string);
  }
}

function isSendable(text: string): boolean {
  return text.length <= TEXT_MAX && ASCII.test(text);
}
