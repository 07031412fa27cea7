/** Durations as people write them: 500ms, 15s, 10m, 1h30m, 7d. */

const UNIT_MS: Readonly<Record<string, number>> = Object.freeze({
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
});

const SHAPE = /^(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$/;
const PART = /(\d+(?:\.\d+)?)(ms|[smhdw])/g;

/** What a message should say was expected. */
export const DURATION_EXPECTED = 'a duration such as "15s", "10m" or "1h30m"';

/** @returns milliseconds, or undefined where the text is no duration */
export function parseDuration(text: string): number | undefined {
  if (!SHAPE.test(text)) return undefined;
  let totalMs = 0;
  for (const [, count, unit] of text.matchAll(PART)) {
    totalMs += Number(count) * (UNIT_MS[unit as string] as number);
  }
  return totalMs;
}

/** The largest two units: "3d 4h", "90s" becomes "1m 30s". */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1_000) return `${Math.round(durationMs)}ms`;
  let restS = Math.floor(durationMs / 1_000);
  const parts: string[] = [];
  for (const [unit, unitS] of [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
    ["s", 1],
  ] as const) {
    const count = Math.floor(restS / unitS);
    restS -= count * unitS;
    if (count > 0) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.slice(0, 2).join(" ");
}
