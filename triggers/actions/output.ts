/** The beginning of what a program prints, and how much there was. */
import { printableLines } from "../printable.js";

/** Of standard output and of standard error, each. */
export const OUTPUT_BYTES_MAX = 4_096;

export class OutputHead {
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  #total = 0;

  push(chunk: Buffer): void {
    this.#total += chunk.length;
    const room = OUTPUT_BYTES_MAX - this.#kept;
    if (room <= 0) return;
    // Copied: a slice would keep the whole chunk.
    const head = Buffer.from(chunk.subarray(0, room));
    this.#chunks.push(head);
    this.#kept += head.length;
  }

  text(): string {
    const head = printableLines(Buffer.concat(this.#chunks).toString("utf8"));
    const more = this.#total - this.#kept;
    return more > 0 ? `${head}\n(${more} more bytes)` : head;
  }
}
