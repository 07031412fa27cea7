/** Hands on the sums of a document, once it is known which of them are part of no others. */
import type { FrameSink } from "../../../model/frame.js";
import { nameFault, quoteName } from "../../../model/names.js";
import type { FaultList } from "./fault-list.js";
import type { SumsPlace } from "./grid-stack.js";
import type { ReaderLimits } from "./limits.js";
import { SumsAges } from "./sums-ages.js";
import { SumsReader } from "./sums-reader.js";

const TWICE = "they come twice, the first ones are kept; let grids and clusters differ in their names";

export class SumsTeller {
  readonly #source: string;
  readonly #sink: FrameSink;
  readonly #everyS: number;
  readonly #reader: SumsReader;
  readonly #ages = new SumsAges();

  /** @param everyS how often documents come, seconds */
  constructor(source: string, sink: FrameSink, everyS: number, limits: ReaderLimits) {
    this.#source = source;
    this.#sink = sink;
    this.#everyS = everyS;
    this.#reader = new SumsReader(limits);
  }

  /**
   * @param receivedMs epoch ms on our clock
   * @param complete the end of the document was seen
   * @returns how many grids and clusters were told
   */
  tell(
    places: readonly SumsPlace[],
    octets: Uint8Array,
    receivedMs: number,
    complete: boolean,
    faults: FaultList,
  ): number {
    const told = new Set<string>();
    this.#reader.begin();
    for (const { kind, name, authority, facts, localtimeS, at } of places) {
      const owner = `${kind} ${quoteName(name)}`;
      const key = `${kind} ${name}`;
      const fault = told.has(key) ? TWICE : nameFault(name);
      if (fault !== undefined) {
        faults.add(`the sums of ${owner} are refused: ${fault}`);
        continue;
      }
      told.add(key);
      const summary = this.#reader.read(octets, at, owner, faults);
      const timeMs = this.#ages.timeMs(key, localtimeS, receivedMs);
      const source = this.#source;
      this.#sink.acceptSums({ kind, name, source, authority, facts, timeMs, tmaxS: this.#everyS, summary });
    }
    this.#ages.turn(complete);
    this.#reader.release();
    return told.size;
  }
}
