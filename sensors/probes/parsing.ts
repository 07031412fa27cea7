/** Helpers for parsers of the kernel's text files. */

/** A count as the kernel prints it; beyond 2^53 the last digits are lost, which no rate notices. */
export function parseCount(text: string | undefined): number {
  return text !== undefined && /^\d{1,20}$/.test(text) ? Number(text) : Number.NaN;
}

/** @returns the words of a line; none for an empty one */
export function words(line: string): string[] {
  const trimmed = line.trim();
  return trimmed === "" ? [] : trimmed.split(/\s+/);
}

/** An error that shows what stood there; the text may be anything, so only its beginning is shown. */
export function cannotParse(what: string, text: string, expected: string): SyntaxError {
  const shown = JSON.stringify(text.slice(0, 80));
  return new SyntaxError(`Cannot parse ${what}: found ${shown}, expected ${expected}`);
}
