/** Path patterns of trigger-files: * and ? inside of one path segment. */
import { isAbsolute, join } from "node:path";

export const hasWildcard = (pattern: string): boolean => /[*?]/.test(pattern);

/** @returns whether the name matches; a leading dot must be written out */
export function matchesSegment(name: string, pattern: string): boolean {
  if (name.startsWith(".") && !pattern.startsWith(".")) return false;
  // Two pointers with one point of return: linear in practice, never exponential.
  let n = 0;
  let p = 0;
  let starAt = -1;
  let resumeAt = 0;
  while (n < name.length) {
    if (pattern[p] === "*") {
      starAt = p++;
      resumeAt = n;
    } else if (pattern[p] === "?" || pattern[p] === name[n]) {
      p++;
      n++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      n = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/**
 * @param base directory that a relative pattern starts from
 * @param list names in a directory; throws where there is none
 * @returns paths, sorted; a pattern without wildcards is returned as it is, existing or not
 */
export function expandGlob(base: string, pattern: string, list: (directory: string) => readonly string[]): string[] {
  const segments = pattern.split("/").filter((segment) => segment !== "");
  let paths = [isAbsolute(pattern) ? "/" : base];
  for (const segment of segments) {
    paths = hasWildcard(segment)
      ? paths.flatMap((path) =>
          [...list(path)]
            .filter((name) => matchesSegment(name, segment))
            .sort()
            .map((name) => join(path, name)),
        )
      : paths.map((path) => join(path, segment));
  }
  return paths;
}
