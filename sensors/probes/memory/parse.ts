/** /proc/meminfo: lines such as "MemTotal:       24684084 kB". */
import { cannotParse } from "../parsing.js";

/** @returns kilobytes by field name; @throws SyntaxError if there is no MemTotal among them */
export function parseMeminfo(text: string): ReadonlyMap<string, number> {
  const fields = new Map<string, number>();
  for (const [, field, count] of text.matchAll(/^([\w()]+):[ \t]+(\d{1,15}) kB$/gm)) {
    fields.set(field as string, Number(count));
  }
  if (!fields.has("MemTotal")) throw cannotParse("/proc/meminfo", text, 'a line such as "MemTotal: 24684084 kB"');
  return fields;
}
