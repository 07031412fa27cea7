/** Waiting for the outside world: real peers take their own time. */

/** How often we look, unless told. */
const PAUSE_MS = 200;

/**
 * Repeats a check until it does not throw.
 * @returns what the check returned
 * @throws the last complaint, after limitMs
 */
export async function eventually<T>(
  what: string,
  limitMs: number,
  check: () => T | Promise<T>,
  pauseMs = PAUSE_MS,
): Promise<T> {
  const startMs = performance.now();
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() - startMs > limitMs) {
        throw new Error(`${what}: not within ${limitMs / 1000} s: ${(error as Error).message}`, { cause: error });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
