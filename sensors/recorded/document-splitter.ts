/** Cuts a stream of documents behind each end tag, however its octets come in. Pure. */

const END = Buffer.from("</GANGLIA_XML>");

export class DocumentSplitter {
  readonly #sizeMax: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** The last octets of what is pending: an end tag may have begun there. */
  #tail: Buffer = Buffer.alloc(0);

  /** @param sizeMax of one document */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  /**
   * @returns documents that end in the chunk
   * @throws Error once a document is too large
   */
  *push(chunk: Buffer): Generator<Buffer> {
    let rest = chunk;
    for (let end = this.#endIn(rest); end >= 0; end = this.#endIn(rest)) {
      yield Buffer.concat([...this.#pending, rest.subarray(0, end)]);
      rest = rest.subarray(end);
      this.#pending = [];
      this.#pendingBytes = 0;
      this.#tail = Buffer.alloc(0);
    }
    this.#pendingBytes += rest.length;
    if (this.#pendingBytes > this.#sizeMax) throw new Error(`a document has more than ${this.#sizeMax} bytes`);
    this.#pending.push(rest);
    this.#tail = Buffer.concat([this.#tail, rest.subarray(-END.length)]).subarray(1 - END.length);
  }

  /** Something else than blanks came behind the last document. */
  get isCut(): boolean {
    return Buffer.concat(this.#pending).toString("latin1").trim() !== "";
  }

  /** @returns index in the chunk behind an end tag, which may have begun before it; -1 if there is none */
  #endIn(chunk: Buffer): number {
    const across = Buffer.concat([this.#tail, chunk.subarray(0, END.length - 1)]).indexOf(END);
    if (across >= 0) return across + END.length - this.#tail.length;
    const at = chunk.indexOf(END);
    return at < 0 ? -1 : at + END.length;
  }
}
