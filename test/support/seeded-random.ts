/** Random numbers that come again: the seed stands in the name of the test. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Below `limit`, from 0 on. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** From 0 on, below 1. mulberry32: 32 bits of state are plenty for a test. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One to four octets changed, taken out, put in, or repeated elsewhere. */
  mutated(octets: Uint8Array, palette: Uint8Array): Uint8Array {
    let list = Array.from(octets);
    for (let i = 1 + this.below(4); i > 0; i--) {
      const at = this.below(list.length + 1);
      const octet = this.chance(0.5) ? this.below(256) : (palette[this.below(palette.length)] as number);
      const length = this.below(12);
      switch (this.below(5)) {
        case 0:
          list[at] = octet;
          break;
        case 1:
          list.splice(at, length);
          break;
        case 2:
          list.splice(at, 0, octet);
          break;
        case 3:
          list = [...list.slice(0, at), ...list.slice(this.below(list.length + 1)).slice(0, 200), ...list.slice(at)];
          break;
        default:
          list.splice(at, 0, ...new Array<number>(length).fill(octet));
      }
    }
    return Uint8Array.from(list);
  }
}
