/** From a value to a colour: the scale of the heat-map. */

/** Colours of the palette, as classes lv0 ... lv23 in palette.css. */
export const LEVELS = 24;

export interface Scale {
  readonly min: number;
  readonly max: number;
  /** Values above max exist and have its colour: a few hosts must not wash out all others. */
  readonly clipped: boolean;
  /** Into how many equal parts the legend cuts it, so that its numbers are round. */
  readonly parts: number;
}

const PERCENT: Scale = Object.freeze({ min: 0, max: 100, clipped: false, parts: 4 });

/** An outlier is a value this many times what 98 of 100 hosts stay below; of fewer hosts each one counts. */
const OUTLIER_FACTOR = 2;
const OUTLIER_HOSTS_MIN = 50;
/** Where the smallest value is nearer to the largest than that, zero says nothing (disk_total, boottime). */
const ZERO_FACTOR = 0.75;

/** @param units percentages are always shown from 0 to 100 */
export function scaleOf(values: readonly (number | null)[], units: string): Scale {
  const numbers = values.filter((value): value is number => value !== null).sort((a, b) => a - b);
  const smallest = numbers[0] ?? 0;
  const largest = numbers[numbers.length - 1] ?? 1;
  if (units.trim() === "%" && smallest >= 0 && largest <= 100) return PERCENT;
  const usual = numbers[Math.floor((numbers.length - 1) * 0.98)] ?? largest;
  const clipped = numbers.length >= OUTLIER_HOSTS_MIN && usual > 0 && largest > usual * OUTLIER_FACTOR;
  const top = clipped ? usual : largest;
  if (smallest === top) return rounded(Math.min(0, top), top === 0 ? 1 : Math.max(0, top), clipped);
  const fromZero = smallest >= 0 && smallest < top * ZERO_FACTOR;
  return rounded(fromZero ? 0 : smallest, top, clipped);
}

/** Both ends moved outwards to round numbers. */
function rounded(low: number, high: number, clipped: boolean): Scale {
  const unit = roundUnit(high - low);
  const first = Math.floor(clean(low / unit));
  const last = Math.ceil(clean(high / unit));
  return { min: clean(first * unit), max: clean(last * unit), clipped, parts: partsOf(last - first) };
}

/** The span is 4 to 11 units: as few ends as fall on whole ones. */
function partsOf(units: number): number {
  return [5, 4, 3, 7, 11, 2].find((parts) => units % parts === 0) ?? 1;
}

/** @returns 0 ... LEVELS-1 */
export function levelOf(value: number, scale: Scale): number {
  const position = (value - scale.min) / (scale.max - scale.min);
  return Math.min(LEVELS - 1, Math.max(0, Math.floor(position * LEVELS)));
}

/** @returns the numbers under the legend, ends included */
export function legendTicks({ min, max, parts }: Scale): number[] {
  const span = max - min;
  return Array.from({ length: parts + 1 }, (_, i) => {
    const tick = min + (span * i) / parts;
    // -0.002 + 2 x 0.001 leaves a trace of nothing.
    return Math.abs(tick) < span * 1e-9 ? 0 : clean(tick);
  });
}

/** A tenth to a quarter of the span: 1, 2 or 5 times a power of ten. */
function roundUnit(span: number): number {
  const power = 10 ** Math.floor(Math.log10(span / 10));
  const digit = span / 10 / power;
  return power * (digit < 2 ? 2 : digit < 5 ? 5 : 10);
}

/** 0.30000000000000004 is 0.3. */
function clean(value: number): number {
  return Number(value.toPrecision(12));
}
