/** A fault that comes and goes: told until a whole spill went by without it. */
export class SpillFault {
  #message = "";
  #isNew = false;

  /** "" while all is well. */
  get message(): string {
    return this.#message;
  }

  /** @returns whether nothing was told before */
  tell(message: string): boolean {
    const isFirst = this.#message === "";
    this.#message = message;
    this.#isNew = true;
    return isFirst;
  }

  endSpill(): void {
    if (!this.#isNew) this.#message = "";
    this.#isNew = false;
  }
}
