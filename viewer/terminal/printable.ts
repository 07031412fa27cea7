/**
 * Names and messages come from the network; a terminal obeys control characters.
 * What could move the cursor, change colours or turn the direction of writing is
 * shown as an escape instead.
 */

/** C0, DEL, C1, line separators, marks of direction, invisible characters, lone surrogates. */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

export function printable(text: string): string {
  return text.replace(UNSAFE, (char) => {
    const code = char.charCodeAt(0);
    return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
  });
}

/** JSON that says the same to a program and does nothing to a terminal. */
export function printableJson(value: unknown): string {
  // JSON.stringify escapes C0 itself; what is left can stand only inside of strings.
  return JSON.stringify(value, null, 2).replace(UNSAFE, (char) =>
    char === "\n" ? char : `\\u${hex(char.charCodeAt(0), 4)}`,
  );
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}

/** Blocks whose characters take two cells: CJK, Hangul, fullwidth forms, emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Cells that one character takes. */
export function charWidth(char: string): number {
  if (/^\p{M}$/u.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}

/** Cells that a printable text takes. */
export function textWidth(text: string): number {
  // ASCII only: by far the most, and a character is a cell.
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

/** @returns the text, its end replaced by an ellipsis where it is wider than the limit */
export function cut(text: string, limit: number): string {
  if (textWidth(text) <= limit) return text;
  let kept = "";
  let width = 0;
  for (const char of text) {
    width += charWidth(char);
    if (width > limit - 1) break;
    kept += char;
  }
  return `${kept}…`;
}
