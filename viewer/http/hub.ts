/**
 * Live updates: tells every listening page what is new. Texts are made once for
 * each distinct thing that pages look at, not once for each page.
 */
import type { Clock, Timer } from "../../core/base/clock.js";
import type { Component } from "../../core/base/component.js";
import type { ChangesDocument } from "../../core/wire/extension/changes.js";
import type { Present } from "../pull/present.js";
import { hostTickOf } from "./views/host.js";
import { tickOf } from "./views/overview.js";

/** One cluster's staff with a few tabs each; a browser holds one stream for each visible tab. */
export const LISTENERS_MAX = 256;
/** Twenty ticks of 1,000 hosts (some 20 kB each). Whoever is further behind is dropped and asks anew. */
export const PENDING_BYTES_MAX = 512 * 1_024;
/** Proxies close streams that are silent for 30 to 60 s. */
export const HEARTBEAT_MS = 15_000;

/** Where a page's stream goes. */
export interface EventSink {
  /** Octets written and not yet taken by the network. */
  readonly pendingBytes: number;
  write(text: string): void;
  /** Ends the connection at once. */
  drop(): void;
}

/** What a page looks at. */
export interface Interest {
  /** null: none, ticks carry no values. */
  readonly metric: string | null;
  readonly host: { readonly cluster: string; readonly name: string } | undefined;
  /** Version of the data that the page has, "" if none. */
  readonly version: string;
}

interface Listener {
  readonly sink: EventSink;
  readonly interest: Interest;
}

export class Hub implements Component {
  readonly #present: Present;
  readonly #clock: Clock;
  readonly #listeners = new Set<Listener>();
  #heartbeat: Timer | undefined;
  #unlisten: () => void = () => {};
  #stopped = false;
  /** Pages dropped because they read too slowly, since the start. */
  dropped = 0;

  constructor(present: Present, clock: Clock) {
    this.#present = present;
    this.#clock = clock;
  }

  get size(): number {
    return this.#listeners.size;
  }

  get hasRoom(): boolean {
    return !this.#stopped && this.#listeners.size < LISTENERS_MAX;
  }

  start(): Promise<void> {
    this.#unlisten = this.#present.listen({
      changed: (changes) => this.#tick(changes),
      alertsChanged: () => this.#tick(undefined, "alerts"),
      linkChanged: () => this.#broadcast(() => eventText("link", this.#present.link)),
    });
    this.#beat();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#unlisten();
    this.#heartbeat?.cancel();
    for (const listener of this.#listeners) listener.sink.drop();
    this.#listeners.clear();
    return Promise.resolve();
  }

  /** @returns takes the page off again; undefined when there is no room */
  add(sink: EventSink, interest: Interest): (() => void) | undefined {
    if (!this.hasRoom) return undefined;
    const listener = { sink, interest };
    this.#listeners.add(listener);
    this.#send(listener, eventText("link", this.#present.link));
    // Between the page's first read and this stream something may have changed.
    if (interest.version !== this.#present.store.version) {
      this.#send(listener, eventText("resync", { version: this.#present.store.version }));
    }
    return () => void this.#listeners.delete(listener);
  }

  #tick(changes: ChangesDocument | undefined, also?: string): void {
    const version = this.#present.store.version;
    const ticks = new Map<string | null, string>();
    const hostTicks = new Map<string, string>();
    this.#broadcast(({ metric, host }) => {
      const tick = held(ticks, metric, () => eventText("tick", tickOf(this.#present, changes, metric), version));
      const extra = also === undefined ? "" : eventText(also, this.#present.alerts.counts);
      if (host === undefined) return tick + extra;
      const { cluster, name } = host;
      const hostTick = held(hostTicks, `${cluster}\0${name}`, () => {
        const event = hostTickOf(this.#present, changes, cluster, name);
        return event === undefined ? eventText("host-gone", { cluster, host: name }) : eventText("host", event);
      });
      return tick + hostTick + extra;
    });
  }

  #broadcast(textFor: (interest: Interest) => string): void {
    for (const listener of [...this.#listeners]) this.#send(listener, textFor(listener.interest));
  }

  #send(listener: Listener, text: string): void {
    if (listener.sink.pendingBytes > PENDING_BYTES_MAX) {
      this.dropped++;
      this.#listeners.delete(listener);
      listener.sink.drop();
      return;
    }
    listener.sink.write(text);
  }

  #beat(): void {
    this.#heartbeat = this.#clock.setTimer(() => {
      this.#broadcast(() => ": alive\n\n");
      this.#beat();
    }, HEARTBEAT_MS);
  }
}

/** JSON has no line ends, so one data line is enough. */
export function eventText(event: string, data: unknown, id?: string): string {
  const idLine = id === undefined ? "" : `id: ${id}\n`;
  return `${idLine}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

function held<K>(texts: Map<K, string>, key: K, make: () => string): string {
  const known = texts.get(key);
  if (known !== undefined) return known;
  const made = make();
  texts.set(key, made);
  return made;
}
