/**
 * The state machine of an RRD file: how readings become rates, rates become steps, and
 * steps become rows. The order of every operation is part of the file format: each
 * division and multiplication rounds, and the results are compared bit by bit.
 *
 * A machine serves all files of one definition; the state of a file is an argument.
 * Hot: nothing is made per update.
 */
import { DS_TYPES, PLAIN_CFS, type RrdDefinition } from "../format/definition.js";
import { RrdError } from "../rrd-error.js";
import type { PendingRows } from "./pending-rows.js";
import type { RrdState } from "./state.js";

const AVERAGE = PLAIN_CFS.indexOf("AVERAGE");
const MIN = PLAIN_CFS.indexOf("MIN");
const MAX = PLAIN_CFS.indexOf("MAX");

export class RrdMachine {
  readonly dsCount: number;
  readonly rraCount: number;
  readonly stepS: number;
  /** By data source: its type as a position in DS_TYPES. */
  readonly types: Uint8Array;
  readonly heartbeatsS: Float64Array;
  readonly mins: Float64Array;
  readonly maxs: Float64Array;
  /** Where readings are put before advance(): rate times the seconds since the last update; NaN: unknown. */
  readonly amounts: Float64Array;

  readonly #cfs: Uint8Array;
  readonly #rowCounts: Float64Array;
  readonly #pdpCounts: Float64Array;
  readonly #xffs: Float64Array;
  readonly #rates: Float64Array;
  readonly #firstAmounts: Float64Array;

  /** @throws RrdError where the definition has parts that we only read */
  constructor({ stepS, dataSources, archives }: RrdDefinition) {
    this.dsCount = dataSources.length;
    this.rraCount = archives.length;
    this.stepS = stepS;
    for (const { name, type } of dataSources) {
      if (type === "COMPUTE") throw new RrdError(`data source '${name}' is computed: such files are read, not updated`);
    }
    for (const { cf } of archives) {
      if (!(PLAIN_CFS as readonly string[]).includes(cf)) {
        throw new RrdError(`an archive keeps ${cf}: files with forecasts are read, not updated`);
      }
    }
    this.types = Uint8Array.from(dataSources, ({ type }) => DS_TYPES.indexOf(type));
    this.heartbeatsS = Float64Array.from(dataSources, ({ heartbeatS }) => heartbeatS);
    this.mins = Float64Array.from(dataSources, ({ min }) => min);
    this.maxs = Float64Array.from(dataSources, ({ max }) => max);
    this.amounts = new Float64Array(this.dsCount);
    this.#cfs = Uint8Array.from(archives, ({ cf }) => (PLAIN_CFS as readonly string[]).indexOf(cf));
    this.#rowCounts = Float64Array.from(archives, ({ rowCount }) => rowCount);
    this.#pdpCounts = Float64Array.from(archives, ({ pdpCount }) => pdpCount);
    this.#xffs = Float64Array.from(archives, ({ xff }) => xff);
    this.#rates = new Float64Array(this.dsCount);
    this.#firstAmounts = new Float64Array(this.dsCount);
  }

  /** Seconds from the last update to this time. Two conversions, a division, an addition. */
  intervalS(state: RrdState, timeS: number, timeUs: number): number {
    return timeS - state.lastUpS + seconds(timeUs - state.lastUpUs);
  }

  /**
   * The state of a new file.
   * @param startS no update may be older
   */
  reset(state: RrdState, startS: number): void {
    state.lastUpS = startS;
    state.lastUpUs = 0;
    state.lastDs.fill("U");
    state.pdpUnknownS.fill(remainder(startS, this.stepS));
    state.pdpValue.fill(Number.NaN);
    state.cdpValue.fill(Number.NaN);
    state.cdpPrimary.fill(0);
    state.cdpSecondary.fill(0);
    for (let rra = 0; rra < this.rraCount; rra++) {
      const widthS = this.stepS * (this.#pdpCounts[rra] as number);
      // Steps of the first row that had passed before the file began are unknown.
      const passed = remainder(startS - remainder(startS, this.stepS), widthS) / this.stepS;
      state.cdpUnknown.fill(passed, rra * this.dsCount, (rra + 1) * this.dsCount);
    }
  }

  /**
   * Moves the state on to a time, with what `amounts` holds for the interval before it.
   * @param rows takes the rows that are complete now
   */
  advance(state: RrdState, timeS: number, timeUs: number, rows: PendingRows): void {
    const { stepS, amounts } = this;
    const intervalS = this.intervalS(state, timeS, timeUs);
    const firstStep = Math.floor(state.lastUpS / stepS);
    const newStep = Math.floor(timeS / stepS);
    const steps = newStep - firstStep;
    if (steps === 0) this.#addToStep(state, intervalS);
    else {
      const newOpenS = newStep * stepS;
      const beforeS = newOpenS - state.lastUpS - seconds(state.lastUpUs);
      const afterS = timeS - newOpenS + seconds(timeUs);
      const ownS = steps === 1 ? 0 : remainder(Math.trunc(beforeS), stepS);
      if (ownS === 0) {
        this.#close(state, amounts, intervalS, beforeS, afterS, steps, firstStep, rows);
      } else {
        // The step that was open gets its share and is closed by itself, so that a long
        // silence after it does not make it unknown.
        const first = this.#firstAmounts;
        for (let ds = 0; ds < this.dsCount; ds++) {
          const amount = amounts[ds] as number;
          const share = (amount * ownS) / intervalS;
          first[ds] = share;
          amounts[ds] = amount - share;
        }
        this.#close(state, first, ownS, ownS, 0, 1, firstStep, rows);
        this.#close(state, amounts, intervalS - ownS, beforeS - ownS, afterS, steps - 1, firstStep + 1, rows);
      }
    }
    state.lastUpS = timeS;
    state.lastUpUs = timeUs;
  }

  #addToStep(state: RrdState, intervalS: number): void {
    const { amounts } = this;
    const { pdpUnknownS, pdpValue } = state;
    for (let ds = 0; ds < this.dsCount; ds++) {
      const amount = amounts[ds] as number;
      if (Number.isNaN(amount)) pdpUnknownS[ds] = (pdpUnknownS[ds] as number) + Math.floor(intervalS);
      else {
        const value = pdpValue[ds] as number;
        pdpValue[ds] = Number.isNaN(value) ? amount : value + amount;
      }
    }
  }

  /**
   * Closes the open step and all steps up to a boundary.
   * @param beforeS from the last update to the boundary @param afterS from there to the new time
   * @param steps how many are closed, at least 1 @param firstStep number of the open one since 1970
   */
  #close(
    state: RrdState,
    amounts: Float64Array,
    intervalS: number,
    beforeS: number,
    afterS: number,
    steps: number,
    firstStep: number,
    rows: PendingRows,
  ): void {
    const { stepS } = this;
    const { pdpUnknownS, pdpValue } = state;
    for (let ds = 0; ds < this.dsCount; ds++) {
      const amount = amounts[ds] as number;
      const unknownS = pdpUnknownS[ds] as number;
      const isUnknown = Number.isNaN(amount);
      const rate = amount / intervalS;
      let value = pdpValue[ds] as number;
      if (!isUnknown) value = (Number.isNaN(value) ? 0 : value) + rate * beforeS;
      // Unknown time that comes last only shortens the divisor: it does not count as "too much".
      const lastUnknownS = isUnknown ? beforeS : 0;
      this.#rates[ds] =
        intervalS > (this.heartbeatsS[ds] as number) || stepS / 2 < unknownS
          ? Number.NaN
          : value / (steps * stepS - unknownS - lastUnknownS);
      pdpUnknownS[ds] = isUnknown ? Math.floor(afterS) : 0;
      pdpValue[ds] = isUnknown ? Number.NaN : rate * afterS;
    }
    for (let rra = 0; rra < this.rraCount; rra++) {
      const count = this.#consolidate(state, rra, steps, firstStep);
      if (count > 0) this.#writeRows(state, rra, count, rows);
    }
  }

  /** @returns how many rows are complete */
  #consolidate(state: RrdState, rra: number, steps: number, firstStep: number): number {
    const { dsCount } = this;
    const rates = this.#rates;
    const pdpCount = this.#pdpCounts[rra] as number;
    const rowCount = this.#rowCounts[rra] as number;
    const begin = rra * dsCount;
    if (pdpCount === 1) {
      const { cdpPrimary, cdpSecondary } = state;
      for (let ds = 0; ds < dsCount; ds++) {
        cdpPrimary[begin + ds] = rates[ds] as number;
        if (steps > 1) cdpSecondary[begin + ds] = rates[ds] as number;
      }
      return Math.min(rowCount, steps);
    }
    const missing = pdpCount - remainder(firstStep, pdpCount);
    if (missing > steps) {
      for (let ds = 0; ds < dsCount; ds++) this.#gather(state, rra, begin + ds, rates[ds] as number, steps);
      return 0;
    }
    const carried = remainder(steps - missing, pdpCount);
    for (let ds = 0; ds < dsCount; ds++) {
      this.#finish(state, rra, begin + ds, rates[ds] as number, missing, carried);
    }
    return Math.min(rowCount, Math.floor((steps - missing) / pdpCount) + 1);
  }

  /** The open row goes on. */
  #gather(state: RrdState, rra: number, cell: number, rate: number, steps: number): void {
    const { cdpValue, cdpUnknown } = state;
    if (Number.isNaN(rate)) {
      cdpUnknown[cell] = (cdpUnknown[cell] as number) + steps;
      return;
    }
    const cf = this.#cfs[rra] as number;
    const value = cdpValue[cell] as number;
    if (cf === AVERAGE) cdpValue[cell] = Number.isNaN(value) ? rate * steps : value + rate * steps;
    else if (Number.isNaN(value)) cdpValue[cell] = rate;
    else if (cf === MIN) cdpValue[cell] = smaller(rate, value);
    else if (cf === MAX) cdpValue[cell] = larger(rate, value);
    else cdpValue[cell] = rate;
  }

  /**
   * The open row is complete, and perhaps further ones; the last steps begin the next one.
   * @param missing steps that the open row lacked @param carried steps of the next row
   */
  #finish(state: RrdState, rra: number, cell: number, rate: number, missing: number, carried: number): void {
    const { cdpValue, cdpUnknown, cdpPrimary, cdpSecondary } = state;
    const cf = this.#cfs[rra] as number;
    const pdpCount = this.#pdpCounts[rra] as number;
    const isUnknown = Number.isNaN(rate);
    let unknown = cdpUnknown[cell] as number;
    if (isUnknown) unknown += missing;
    cdpSecondary[cell] = rate;
    const neutral = neutralOf(cf);
    if (unknown > pdpCount * (this.#xffs[rra] as number)) cdpPrimary[cell] = Number.NaN;
    else {
      const held = cdpValue[cell] as number;
      const value = Number.isNaN(held) ? neutral : held;
      const last = isUnknown ? neutral : rate;
      if (cf === AVERAGE) cdpPrimary[cell] = (value + last * missing) / (pdpCount - unknown);
      else if (cf === MAX) cdpPrimary[cell] = larger(last, value);
      else if (cf === MIN) cdpPrimary[cell] = smaller(last, value);
      else cdpPrimary[cell] = rate;
    }
    if (carried === 0 || isUnknown) cdpValue[cell] = neutral;
    else cdpValue[cell] = cf === AVERAGE ? rate * carried : rate;
    cdpUnknown[cell] = isUnknown ? carried : 0;
  }

  /** The first row gets the primary values, all further ones the secondary. */
  #writeRows(state: RrdState, rra: number, count: number, rows: PendingRows): void {
    const rowCount = this.#rowCounts[rra] as number;
    const begin = rra * this.dsCount;
    let row = state.curRow[rra] as number;
    for (let i = 0; i < count; i++) {
      row = row + 1 >= rowCount ? 0 : row + 1;
      rows.push(rra, row, i === 0 ? state.cdpPrimary : state.cdpSecondary, begin);
    }
    state.curRow[rra] = row;
  }
}

/**
 * Of whole numbers from 0 to 2^53, exactly: a quotient that is no whole number is never rounded up to one.
 * The operator % calls a function for doubles, and it was half of the cost of an update.
 */
function remainder(dividend: number, divisor: number): number {
  return dividend - Math.floor(dividend / divisor) * divisor;
}

/** Of microseconds, which updates by whole seconds have none of: a division less. */
function seconds(us: number): number {
  return us === 0 ? 0 : us / 1e6;
}

/** What changes nothing when it is gathered; NaN for LAST, which gathers nothing. */
function neutralOf(cf: number): number {
  if (cf === AVERAGE) return 0;
  if (cf === MAX) return Number.NEGATIVE_INFINITY;
  return cf === MIN ? Number.POSITIVE_INFINITY : Number.NaN;
}

// Not Math.min and Math.max: of 0 and -0 the one that is held stays.
function smaller(value: number, held: number): number {
  // biome-ignore lint/complexity/useMathMinMax: see above
  return value < held ? value : held;
}

function larger(value: number, held: number): number {
  // biome-ignore lint/complexity/useMathMinMax: see above
  return value > held ? value : held;
}
