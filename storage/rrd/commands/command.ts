/** What the commands of the tool are given and what they answer. */
import { RrdError } from "../rrd-error.js";

export interface CommandContext {
  /** Milliseconds since 1970, with fractions if the clock has them. */
  nowMs(): number;
  /** A whole integer in [0, below). */
  random(below: number): number;
  /** Makes the name of a file absolute. */
  resolvePath(path: string): string;
}

/**
 * @param words of the command line after the name of the command
 * @returns what to print, "" or lines that each end with a line feed
 * @throws RrdError
 */
export type Command = (words: readonly string[], context: CommandContext) => string;

/** For commands that answer a time: what they print where there is none. */
export function orMinusOne(work: () => string): string {
  try {
    return work();
  } catch (error) {
    throw error instanceof RrdError ? new RrdError(error.message, { output: "-1\n" }) : error;
  }
}

export function lines(...texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}
