/**
 * Samples as the updates of an RRD file. gmetad writes every metric at every poll, also those that their
 * host sends every 20 minutes only; an RRD file calls a longer silence than its heartbeat unknown, and paints the
 * new value over a shorter one. So a value is repeated at each step while it holds, and a NaN is put before
 * the next sample where it held no longer.
 *
 * Hot: one object serves all files; its arrays grow and are used again.
 */

export class FilledSamples {
  timesS = new Float64Array(256);
  values = new Float64Array(256);
  count = 0;
  /** The newest sample seen, whether or not it made an update: where the next batch goes on. */
  lastTimeS = Number.NaN;
  lastValue = Number.NaN;

  /** @param lastTimeS the newest sample of the file; NaN: none is known */
  begin(lastTimeS: number, lastValue: number): void {
    this.count = 0;
    this.lastTimeS = lastTimeS;
    this.lastValue = lastValue;
  }

  /**
   * @param timeS whole seconds; a sample that is not newer than the one before is passed over
   * @param afterS no update at or before this
   * @param holdsS how long a sample stands for what it measured
   */
  add(timeS: number, value: number, afterS: number, stepS: number, holdsS: number): void {
    if (timeS <= this.lastTimeS) return;
    if (timeS - Math.max(afterS, this.lastTimeS) > stepS) this.#fill(timeS, afterS, stepS, holdsS);
    this.lastTimeS = timeS;
    this.lastValue = value;
    if (timeS > afterS) this.#push(timeS, value);
  }

  /** Repeats the last sample up to and with a time, as long as it holds. */
  carry(untilS: number, afterS: number, stepS: number, holdsS: number): void {
    if (Number.isNaN(this.lastTimeS)) return;
    const fromS = Math.max(afterS, this.lastTimeS);
    const endS = Math.min(untilS, this.lastTimeS + holdsS);
    for (let stepEndS = fromS - (fromS % stepS) + stepS; stepEndS <= endS; stepEndS += stepS) {
      this.#push(stepEndS, this.lastValue);
    }
  }

  /** Between the last sample and one at timeS. */
  #fill(timeS: number, afterS: number, stepS: number, holdsS: number): void {
    if (Number.isNaN(this.lastTimeS)) return;
    const lastEndS = timeS - 1 - ((timeS - 1) % stepS);
    this.carry(timeS - 1, afterS, stepS, holdsS);
    const filledS = this.count > 0 ? (this.timesS[this.count - 1] as number) : Math.max(afterS, this.lastTimeS);
    if (this.lastTimeS + holdsS < timeS && lastEndS > filledS) this.#push(lastEndS, Number.NaN);
  }

  #push(timeS: number, value: number): void {
    if (this.count === this.timesS.length) {
      this.timesS = grown(this.timesS);
      this.values = grown(this.values);
    }
    this.timesS[this.count] = timeS;
    this.values[this.count++] = value;
  }
}

function grown(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * values.length);
  larger.set(values);
  return larger;
}
