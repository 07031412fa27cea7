/** The newest events in memory, bounded by count and by size. */
import type { AlertEvent } from "../../core/model/alert.js";

export const EVENTS_MAX = 10_000;

/** Outputs of commands are up to 8 KiB an event: 10,000 of those would be 80 MB. */
export const EVENT_CHARACTERS_MAX = 16 * 2 ** 20;

export class EventRing {
  /** Oldest first, from #first on. */
  #events: AlertEvent[] = [];
  #first = 0;
  #characters = 0;

  push(event: AlertEvent): void {
    this.#events.push(event);
    this.#characters += charactersOf(event);
    while (this.length > EVENTS_MAX || (this.#characters > EVENT_CHARACTERS_MAX && this.length > 1)) {
      this.#characters -= charactersOf(this.#events[this.#first++] as AlertEvent);
    }
    // Moving the rest down once for each EVENTS_MAX pushes keeps a push at constant cost.
    if (this.#first >= EVENTS_MAX) {
      this.#events = this.#events.slice(this.#first);
      this.#first = 0;
    }
  }

  get length(): number {
    return this.#events.length - this.#first;
  }

  clear(): void {
    this.#events = [];
    this.#first = 0;
    this.#characters = 0;
  }

  /** Oldest first. */
  all(): AlertEvent[] {
    return this.#events.slice(this.#first);
  }

  /** @returns oldest first, at most limit, those behind the given sequence */
  after(sequence: number, limit: number): AlertEvent[] {
    const from = this.#indexBehind(sequence);
    return this.#events.slice(from, from + limit);
  }

  /** @returns newest first, at most limit, only those before the given sequence */
  newest(limit: number, beforeSequence = Number.POSITIVE_INFINITY): AlertEvent[] {
    const end = this.#indexBehind(beforeSequence - 1);
    return this.#events.slice(Math.max(this.#first, end - limit), end).reverse();
  }

  /** Index of the first event with a greater sequence; sequences grow. */
  #indexBehind(sequence: number): number {
    let low = this.#first;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle] as AlertEvent).sequence > sequence) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function charactersOf(event: AlertEvent): number {
  // Names, times and braces take about 200.
  let sum = 200 + event.message.length;
  for (const value of Object.values(event.details)) sum += value.length;
  return sum;
}
