/** Whether an answer about many series has a time at which none of them has anything: then nobody may have listened. Pure. */
import type { NamedBuckets, NamedSeries } from "../../core/model/archive.js";
import type { Range } from "./holes.js";

/** @returns whether the answer has no sample of any series for so long within the range, as far as its steps can tell */
export function isSilentInBuckets({ table, names }: NamedBuckets, range: Range, longerThanMs: number): boolean {
  const { startMs, stepMs, steps, counts } = table;
  return isSilent(range, longerThanMs, startMs, stepMs, steps, (step) => {
    for (let row = 0; row < names.length; row++) if (counts[row * steps + step] !== 0) return true;
    return false;
  });
}

/** The same for samples, by spans of half that length. */
export function isSilentInSamples(series: readonly NamedSeries[], range: Range, longerThanMs: number): boolean {
  const spanMs = longerThanMs / 2;
  const spans = Math.max(0, Math.ceil((range.toMs - range.fromMs) / spanMs));
  const isHeard = new Uint8Array(spans);
  for (const { timesMs } of series.map((one) => one.series)) {
    for (const timeMs of timesMs) isHeard[Math.floor((timeMs - range.fromMs) / spanMs)] = 1;
  }
  return isSilent(range, longerThanMs, range.fromMs, spanMs, spans, (span) => isHeard[span] === 1);
}

function isSilent(
  range: Range,
  longerThanMs: number,
  startMs: number,
  stepMs: number,
  steps: number,
  isHeard: (step: number) => boolean,
): boolean {
  let silentFromMs = range.fromMs;
  for (let step = 0; step < steps; step++) {
    const fromMs = startMs + step * stepMs;
    if (fromMs >= range.toMs) break;
    if (isHeard(step)) silentFromMs = fromMs + stepMs;
    else if (Math.min(fromMs + stepMs, range.toMs) - silentFromMs >= longerThanMs) return true;
  }
  return false;
}
