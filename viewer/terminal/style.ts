/** Colour, where the reader can see it. Never the only sign: the word stands beside it. */

export type Tone = "good" | "bad" | "warning" | "quiet" | "plain";

const CODES: Readonly<Record<Tone, string>> = Object.freeze({
  good: "32",
  bad: "1;31",
  warning: "33",
  quiet: "2",
  plain: "",
});

/** @param isTerminal stdout goes to a person */
export function wantsColor(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  // no-color.org: set and not empty means no.
  return isTerminal && !env["NO_COLOR"] && env["TERM"] !== "dumb";
}

export function paint(text: string, tone: Tone, color: boolean): string {
  return color && tone !== "plain" && text !== "" ? `\u001b[${CODES[tone]}m${text}\u001b[0m` : text;
}
