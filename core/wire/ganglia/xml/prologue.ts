/** What stands before the root element: declaration, comments, the DTD with its 3 KB. */
import { CUT, find, GREATER, isAt, isTagAt, skipSpace } from "./octets.js";

export interface RootPlace {
  /** First position behind "<GANGLIA_XML". */
  readonly at: number;
  /** Set if there is no such thing. */
  readonly fault?: string;
}

const ROOT = "<GANGLIA_XML";
const BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";
const OPEN_BRACKET = 0x5b;
const SAMPLE_OCTETS = 60;

export function findRoot(octets: Uint8Array): RootPlace {
  let at = isAt(octets, 0, BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  for (;;) {
    at = skipSpace(octets, at);
    if (isTagAt(octets, at, ROOT)) return { at: at + ROOT.length };
    if (isAt(octets, at, "<?")) at = behind(octets, at, "?>");
    else if (isAt(octets, at, "<!--")) at = behind(octets, at, "-->");
    else if (isAt(octets, at, "<!DOCTYPE GANGLIA_XML")) at = behindDoctype(octets, at);
    else return { at, fault: notGanglia(octets, at) };
    if (at === CUT) return { at, fault: "the document ends before its first element" };
  }
}

function behind(octets: Uint8Array, at: number, word: string): number {
  const found = find(octets, at, word);
  return found === CUT ? CUT : found + word.length;
}

function behindDoctype(octets: Uint8Array, start: number): number {
  let at = start;
  while (at < octets.length && octets[at] !== OPEN_BRACKET && octets[at] !== GREATER) at++;
  if (octets[at] === GREATER) return at + 1;
  for (at = find(octets, at, "]"); at !== CUT; at = find(octets, at + 1, "]")) {
    const close = skipSpace(octets, at + 1);
    if (octets[close] === GREATER) return close + 1;
  }
  return CUT;
}

function notGanglia(octets: Uint8Array, at: number): string {
  if (at >= octets.length) {
    return octets.length === 0
      ? "expected a Ganglia XML document, got nothing"
      : "the document ends before its first element";
  }
  return `expected a Ganglia XML document, got ${sample(octets, at)}`;
}

/** The beginning, quoted, with everything that is not printable ASCII as \xNN. */
function sample(octets: Uint8Array, at: number): string {
  let text = "";
  const end = Math.min(octets.length, at + SAMPLE_OCTETS);
  for (let i = at; i < end; i++) {
    const octet = octets[i] as number;
    const printable = octet >= 0x20 && octet < 0x7f;
    text += printable ? String.fromCharCode(octet) : `\\x${octet.toString(16).padStart(2, "0")}`;
  }
  return `"${text}"${end < octets.length ? "..." : ""}`;
}
