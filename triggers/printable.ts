/**
 * Text from the network on its way to a person: mails, journals, environments
 * of commands. Whatever would break a line, move the cursor or turn the reading
 * direction becomes a question mark.
 */

// C0, DEL, C1, halves of surrogate pairs, line separators, the marks that reverse text.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
const UNPRINTABLE_IN_LINES =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** @returns one line of at most lengthMax UTF-16 units; "..." stands where it was cut */
export function printable(text: string, lengthMax: number): string {
  return cut(text.replace(UNPRINTABLE, "?"), lengthMax);
}

/** Output of programs: as above, but line feeds and tabs stay. */
export function printableLines(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(UNPRINTABLE_IN_LINES, "?");
}

function cut(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  return `${text.slice(0, lengthMax - 3).replace(/[\ud800-\udbff]$/, "")}...`;
}
