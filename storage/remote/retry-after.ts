/** The Retry-After header: seconds or a date. Pure. */

/** A server that asks for more is asked again after this: it may have been a slip. */
const WAIT_MS_MAX = 600_000;

/** @returns how long to wait, ms; 0 where nothing usable is said */
export function retryAfterMs(header: string | undefined, nowMs: number): number {
  if (header === undefined) return 0;
  const text = header.trim();
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return waitMs > 0 ? Math.min(waitMs, WAIT_MS_MAX) : 0;
}
