/** Many host names in little space, as schedulers write them: node[01-03,12]. */

/** @returns names folded, in natural order, separated by commas; names are expected to be printable already */
export function foldHosts(names: Iterable<string>): string {
  return foldedParts(names).join(",");
}

/** As foldHosts, one piece for each group of names. */
export function foldedParts(names: Iterable<string>): string[] {
  const groups = new Map<string, { prefix: string; suffix: string; digits: string[] }>();
  const parts: string[] = [];
  for (const name of [...new Set(names)].sort(compareHosts)) {
    // A number beyond 15 digits is no counter; brackets and commas would read as our own.
    const match = /^([^[\],]*?)(\d{1,15})([^\d[\],]*)$/.exec(name);
    if (match === null) {
      parts.push(name);
      continue;
    }
    const [, prefix = "", digits = "", suffix = ""] = match;
    const key = `${prefix}\0${suffix}`;
    const group = groups.get(key) ?? { prefix, suffix, digits: [] };
    if (group.digits.length === 0) groups.set(key, group);
    group.digits.push(digits);
  }
  for (const { prefix, suffix, digits } of groups.values()) parts.push(...foldGroup(prefix, suffix, digits));
  return parts.sort(compareHosts);
}

/** @param digits sorted by number, then by length */
function foldGroup(prefix: string, suffix: string, digits: readonly string[]): string[] {
  const [single] = digits;
  if (digits.length === 1 && single !== undefined) return [`${prefix}${single}${suffix}`];
  const ranges: string[] = [];
  let first = "";
  let last = "";
  const flush = () => {
    if (first !== "") ranges.push(first === last ? first : `${first}-${last}`);
  };
  for (const text of digits) {
    // 09 is followed by 10, 9 by 10 as well; 9 is not followed by 010.
    const follows = last !== "" && text === String(Number(last) + 1).padStart(last.length, "0");
    if (!follows) {
      flush();
      first = text;
    }
    last = text;
  }
  flush();
  return [`${prefix}[${ranges.join(",")}]${suffix}`];
}

const collator = new Intl.Collator("en", { numeric: true });

/** node2 before node10; names that only look alike keep one order. */
export function compareHosts(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : Number(a > b));
}
