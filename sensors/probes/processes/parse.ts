/** The fourth word of /proc/loadavg: "1/80", tasks that can run and tasks that exist. */
import { cannotParse, words } from "../parsing.js";

export interface ProcessCounts {
  readonly running: number;
  readonly total: number;
}

/** @throws SyntaxError if there is no such word */
export function parseProcessCounts(text: string): ProcessCounts {
  const match = /^(\d{1,10})\/(\d{1,10})$/.exec(words(text)[3] ?? "");
  if (match === null) throw cannotParse("/proc/loadavg", text, 'a fourth word such as "1/80"');
  // The one that reads the file is running at that moment; gmond leaves itself out too.
  return { running: Math.max(0, Number(match[1]) - 1), total: Number(match[2]) };
}
