/** The text of one file, and where in it an offset lies as editors count. */

export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
}

export class SourceText {
  readonly file: string;
  readonly text: string;
  #lineStarts: number[] | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  /** @param offset in UTF-16 units; past the end counts as the end */
  place(offset: number): Place {
    const starts = this.#starts();
    const at = Math.max(0, Math.min(offset, this.text.length));
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= at) low = middle;
      else high = middle - 1;
    }
    return { file: this.file, line: low + 1, column: at - (starts[low] as number) + 1 };
  }

  #starts(): readonly number[] {
    if (this.#lineStarts === undefined) {
      this.#lineStarts = [0];
      for (let i = this.text.indexOf("\n"); i >= 0; i = this.text.indexOf("\n", i + 1)) this.#lineStarts.push(i + 1);
    }
    return this.#lineStarts;
  }
}

/** "file:line:column" as in every message. */
export function formatPlace(place: Place): string {
  return `${place.file}:${place.line}:${place.column}`;
}
