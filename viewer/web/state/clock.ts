/** Time as the collector has it: the browser's own clock may be wrong by hours, and ages must not be. */
import { signal } from "@preact/signals";

/** serverMs = performance.now() + offset; undefined before the first answer. */
let offsetMs: number | undefined;

/** Ticks once a second while the page is looked at, so that ages grow. */
export const now = signal(0);

/** @param serverMs the collector's clock as an answer told it */
export function learnTime(serverMs: number): void {
  if (!Number.isFinite(serverMs) || serverMs <= 0) return;
  const heard = serverMs - performance.now();
  // What came through quickest is nearest to the truth, but clocks also step.
  offsetMs = offsetMs === undefined || Math.abs(heard - offsetMs) > 1_000 ? heard : Math.max(offsetMs, heard);
  now.value = serverNowMs();
}

/** Epoch ms; 0 before anything is known. */
export function serverNowMs(): number {
  return offsetMs === undefined ? 0 : performance.now() + offsetMs;
}

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now.value = serverNowMs();
  }, 1_000);
}
