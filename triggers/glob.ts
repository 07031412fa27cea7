/**
 * Patterns for names of hosts and clusters: * is any text, ? is one character,
 * everything else stands for itself. Brackets are not special, because hosts
 * called node[1-9] exist. The effort is at most length of name times length of
 * pattern, whatever both contain.
 */

/** Longer than any name that could match. */
export const GLOB_LENGTH_MAX = 512;

export type NameTest = (name: string) => boolean;

/** @returns whether any of the patterns matches */
export function globTest(patterns: readonly string[]): NameTest {
  const tests = patterns.map(onePattern);
  const [only] = tests;
  return tests.length === 1 && only !== undefined ? only : (name) => tests.some((test) => test(name));
}

/** "*", a plain name and "node*" are nearly all there is, and each host of a cluster is asked for each trigger. */
function onePattern(pattern: string): NameTest {
  if (pattern === "*") return () => true;
  if (!/[*?]/.test(pattern)) return (name) => name === pattern;
  const start = pattern.slice(0, -1);
  if (pattern.endsWith("*") && !/[*?]/.test(start)) return (name) => name.startsWith(start);
  const wanted = [...pattern];
  return (name) => matches(wanted, [...name]);
}

function matches(wanted: readonly string[], given: readonly string[]): boolean {
  let w = 0;
  let g = 0;
  /** Where to go on when what follows the last star does not fit. */
  let star = -1;
  let taken = 0;
  while (g < given.length) {
    if (wanted[w] === "*") {
      star = w++;
      taken = g;
    } else if (w < wanted.length && (wanted[w] === "?" || wanted[w] === given[g])) {
      w++;
      g++;
    } else if (star >= 0) {
      w = star + 1;
      g = ++taken;
    } else {
      return false;
    }
  }
  while (wanted[w] === "*") w++;
  return w === wanted.length;
}
