/**
 * Names of clusters, hosts and metrics as names of files, and back. What gmetad would use is used: the
 * name itself. Only what a file cannot be called, or what would lead elsewhere, is written as %XX, the octets of
 * its UTF-8 in hexadecimal:
 *   a slash and a backslash; a dot at the beginning; a % at the beginning or before two hexadecimal digits;
 *   the first letter of a cluster or host called __SummaryInfo__, where gmetad keeps its sums.
 * A name longer than a file's may be becomes folders within each other, "%+" before each part and "%=" before the last.
 */

/** File systems allow 255 octets; ".rrd", a mark and the name of a temporary file must fit too. */
const PART_OCTETS_MAX = 200;

export const SUMMARY_FOLDER = "__SummaryInfo__";

/** @param name checked by nameFault: not empty, no control characters @returns one or more path segments */
export function nameToPath(name: string): string {
  const escaped = name
    .replaceAll(/[/\\]|%(?=[0-9a-fA-F]{2})|^[%.]/g, (character) => escapeOctet(character.charCodeAt(0)))
    .replace(new RegExp(`^_(?=${SUMMARY_FOLDER.slice(1)}$)`), escapeOctet("_".charCodeAt(0)));
  if (Buffer.byteLength(escaped) <= PART_OCTETS_MAX) return escaped;
  const parts: string[] = [];
  let part = "";
  for (const character of escaped) {
    if (Buffer.byteLength(part + character) > PART_OCTETS_MAX) {
      parts.push(part);
      part = "";
    }
    part += character;
  }
  return [...parts.map((each) => `%+${each}`), `%=${part}`].join("/");
}

/** @returns the name; undefined where no name is written so */
export function pathToName(path: string): string | undefined {
  const parts = path.split("/");
  const text = parts.length === 1 ? path : parts.map((part) => part.slice(2)).join("");
  const name = text.replaceAll(/%([0-9a-fA-F]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return nameToPath(name) === path ? name : undefined;
}

function escapeOctet(code: number): string {
  return `%${code.toString(16).toUpperCase().padStart(2, "0")}`;
}
