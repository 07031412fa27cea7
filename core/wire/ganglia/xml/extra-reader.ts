/**
 * What stands inside METRIC and METRICS:
 *
 *   <EXTRA_DATA> <EXTRA_ELEMENT NAME VAL/>* </EXTRA_DATA>
 */
import type { ExtraPair } from "../../../model/metric.js";
import type { ReaderLimits } from "./limits.js";
import { CUT, FAULT, isTagAt, LESS, skipSpace } from "./octets.js";
import { TagScanner } from "./tag-scanner.js";

const ELEMENT = "<EXTRA_ELEMENT";
const OTHERS = ["<EXTRA_DATA", "</EXTRA_DATA", "</EXTRA_ELEMENT"];
const LONGEST = "</EXTRA_ELEMENT".length;

export class ExtraReader {
  /** Where the element is broken, after read() gave FAULT. */
  fault = "";
  readonly #content: readonly string[];
  readonly #closing: string;
  readonly #pairsMax: number;
  readonly #tag: TagScanner;

  /** @param closing the beginning of the end tag of what is read: "</METRIC" */
  constructor(closing: string, limits: ReaderLimits) {
    this.#closing = closing;
    this.#content = [closing, ELEMENT, ...OTHERS];
    this.#pairsMax = limits.extraPairsMax;
    this.#tag = new TagScanner(limits.attributeOctetsMax);
  }

  release(): void {
    this.#tag.release();
  }

  /**
   * @param start first position behind the start tag
   * @param extra where the pairs go
   * @returns the position behind the end tag, or CUT, or FAULT
   */
  read(octets: Uint8Array, start: number, extra: ExtraPair[]): number {
    const tag = this.#tag;
    let at = start;
    for (;;) {
      at = skipSpace(octets, at);
      if (at >= octets.length) return CUT;
      if (octets[at] !== LESS) return this.#fail(FAULT, "text between the tags of a metric");
      const word = this.#content.find((candidate) => isTagAt(octets, at, candidate));
      if (word === undefined) {
        // The cut may have left only the beginning of a tag.
        return octets.length - at <= LONGEST ? CUT : this.#fail(FAULT, "a metric is not closed");
      }
      const next = tag.scan(octets, at + word.length);
      if (next < 0) return this.#fail(next, tag.fault);
      if (word === this.#closing) return next;
      if (word === ELEMENT && tag.has("NAME") && tag.has("VAL") && extra.length < this.#pairsMax) {
        extra.push([tag.text("NAME", ""), tag.text("VAL", "")]);
      }
      at = next;
    }
  }

  #fail(result: number, reason: string): number {
    this.fault = reason;
    return result;
  }
}
