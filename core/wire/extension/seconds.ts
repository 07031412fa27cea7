/**
 * Times and lengths of time in our documents: seconds, as everywhere in Ganglia,
 * with up to three digits after the point. One rule for every attribute.
 */

const SHAPE = /^-?\d{1,12}(?:\.\d{1,9})?$/;

/** @param valueMs milliseconds, rounded to a whole one */
export function formatSeconds(valueMs: number): string {
  const wholeMs = Math.round(valueMs);
  // Adding 0 makes a plain zero of -0.
  if (wholeMs % 1_000 === 0) return String(wholeMs / 1_000 + 0);
  return (wholeMs / 1_000).toFixed(3).replace(/0+$/, "");
}

/** @returns whole milliseconds; NaN where the text is no number of seconds */
export function parseSeconds(text: string): number {
  return SHAPE.test(text) ? Math.round(Number(text) * 1_000) + 0 : Number.NaN;
}
