/** What was wrong with a document: everything is counted, the first few are told. */
export class FaultList {
  count = 0;
  readonly texts: string[] = [];
  readonly #textsMax: number;

  constructor(textsMax: number) {
    this.#textsMax = textsMax;
  }

  add(text: string): void {
    this.count++;
    if (this.texts.length < this.#textsMax) this.texts.push(text);
  }
}
