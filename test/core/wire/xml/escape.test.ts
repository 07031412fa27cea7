import { expect, test } from "vitest";
import { escapeXml, unescapeXml } from "../../../../core/wire/xml/escape.js";

test.each([
  ["plain", "plain"],
  [`<a href="x">'&`, "&lt;a href=&quot;x&quot;&gt;&apos;&amp;"],
  ["tab\tnewline\n", "tab&#9;newline&#10;"],
  ["température", "temp&#233;rature"],
  ["\u{1F525}", "&#128293;"],
])("%j is written %s and read back", (text, escaped) => {
  expect(escapeXml(text)).toBe(escaped);
  expect(unescapeXml(escaped)).toBe(text);
});

test.each([
  ["a\u0000b\u001f", "ab"],
  ["\ud83d alone", " alone"],
  ["x\ufffe\uffff", "x"],
])("%j loses what XML forbids", (text, escaped) => {
  expect(escapeXml(text)).toBe(escaped);
});

test.each([
  ["&#x1F525;", "\u{1F525}"],
  ["&nosuch; & &#; &amp", "&nosuch; & &#; &amp"],
  ["&#9999999;", "&#9999999;"],
])("%s reads %j", (escaped, text) => {
  expect(unescapeXml(escaped)).toBe(text);
});
