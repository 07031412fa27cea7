/**
 * Places for clients of one port. No address but this machine's own may take
 * more than half of them, nor all others together the last eighth: one peer that
 * hangs must not lock out the rest, and never our own viewer.
 */
import { isLoopback } from "../../core/base/access-list.js";

export class ClientPlaces {
  readonly #max: number;
  readonly #ofOneMax: number;
  readonly #ofOthersMax: number;
  /** Clients by address. */
  readonly #held = new Map<string, number>();
  #local = 0;
  #others = 0;

  /** @param max clients at once, at least 1 */
  constructor(max: number) {
    this.#max = max;
    this.#ofOneMax = Math.ceil(max / 2);
    this.#ofOthersMax = max - Math.floor(max / 8);
  }

  get taken(): number {
    return this.#local + this.#others;
  }

  /**
   * @param address without zone or IPv4-mapped prefix
   * @returns gives the place back, once; undefined where there is none for this address
   */
  take(address: string): (() => void) | undefined {
    const isLocal = isLoopback(address);
    const held = this.#held.get(address) ?? 0;
    if (this.taken >= this.#max) return undefined;
    if (!isLocal && (held >= this.#ofOneMax || this.#others >= this.#ofOthersMax)) return undefined;
    this.#held.set(address, held + 1);
    this.#count(isLocal, 1);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#count(isLocal, -1);
      const left = (this.#held.get(address) ?? 1) - 1;
      if (left > 0) this.#held.set(address, left);
      else this.#held.delete(address);
    };
  }

  #count(isLocal: boolean, change: number): void {
    if (isLocal) this.#local += change;
    else this.#others += change;
  }
}
