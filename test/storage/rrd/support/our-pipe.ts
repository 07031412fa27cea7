/** Our engine behind the protocol of rrdtool's pipe, with every archive beginning at row 0. */
import { RrdPipe } from "../../../../storage/rrd/commands/pipe.js";

export interface Answer {
  /** Lines before the last. */
  readonly output: string;
  /** "OK", or the line of the error. */
  readonly verdict: string;
}

/** @param directory where relative names of files begin */
export function ourPipe(directory: string, nowMs = 1_700_000_000_000): (line: string) => Answer {
  const pipe = new RrdPipe({
    context: { nowMs: () => nowMs, random: () => 0 },
    directory,
    times: () => ({ userS: 0, systemS: 0, realS: 0 }),
  });
  return (line) => answerOf(pipe.answer(line) ?? "");
}

export function answerOf(text: string): Answer {
  const at = text.lastIndexOf("\n", text.length - 2) + 1;
  const last = text.slice(at).trimEnd();
  return { output: text.slice(0, at), verdict: last.startsWith("OK") ? "OK" : last };
}
