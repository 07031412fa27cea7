/** Text in and out of XML attributes and content. */

const ENTITIES: Readonly<Record<string, string>> = Object.freeze({
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
});

/** Everything that must not stand raw in a document that calls itself ISO-8859-1. */
// biome-ignore lint/complexity/useRegexLiterals: an escaped literal reads worse
const UNSAFE = new RegExp("[&<>\"'\\u0000-\\u001f\\u007f-\\uffff]");
const EACH_UNSAFE = new RegExp(
  UNSAFE.source.replace("\\u007f-\\uffff", "\\u007f-\\ud7ff\\ue000-\\uffff") +
    "|[\\ud800-\\udbff][\\udc00-\\udfff]|[\\ud800-\\udfff]",
  "g",
);

const NAMED: Readonly<Record<string, string>> = Object.freeze({
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
});

/**
 * Escaped for an attribute or for content. The result is pure ASCII, so it is
 * right under any encoding label. Characters that XML 1.0 forbids are dropped.
 */
export function escapeXml(text: string): string {
  return UNSAFE.test(text) ? text.replace(EACH_UNSAFE, escapeOne) : text;
}

function escapeOne(char: string): string {
  const named = NAMED[char];
  if (named !== undefined) return named;
  const code = char.codePointAt(0) as number;
  const control = code < 0x20 && code !== 0x9 && code !== 0xa && code !== 0xd;
  const surrogate = code >= 0xd800 && code <= 0xdfff;
  return control || surrogate || code === 0xfffe || code === 0xffff ? "" : `&#${code};`;
}

/** Resolves the five entities and numeric references; anything else stays as it is. */
export function unescapeXml(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w{2,4}));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code > 0x10ffff ? whole : String.fromCodePoint(code);
  });
}
