import { describe, expect, it } from "vitest";
import { escapeXml, unescapeXml } from "../../../../core/wire/xml/escape.js";

describe("escapeXml", () => {
  it.each([
    ["plain text / 100 %", "plain text / 100 %"],
    [`<a b="c" d='e'> & ]]>`, "&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt; &amp; ]]&gt;"],
    ["tab\tline\nreturn\r", "tab&#9;line&#10;return&#13;"],
    ["é 中 \u007f\u0085", "&#233; &#20013; &#127;&#133;"],
    ["🖥", "&#128421;"],
    ["a\u0000\u0001\u001fb", "ab"],
    ["\ud800x\udfff", "x"],
    ["\ufffd\ufffe\uffff", "&#65533;"],
  ])("writes %j as %j", (text, escaped) => {
    expect(escapeXml(text)).toBe(escaped);
  });
});

describe("unescapeXml", () => {
  it.each([
    ["no reference", "no reference"],
    ["&lt;&gt;&amp;&quot;&apos;", `<>&"'`],
    ["&#233;&#xE9;&#x1f5a5;&#128421;", "éé🖥🖥"],
    ["&amp;lt;", "&lt;"],
    ["&nope; & &#; &#x; &; &#1114112; &#xffffffff;", "&nope; & &#; &#x; &; &#1114112; &#xffffffff;"],
    ["&#9999999; &amp", "&#9999999; &amp"],
  ])("reads %j as %j", (escaped, text) => {
    expect(unescapeXml(escaped)).toBe(text);
  });

  it("gives back what was escaped", () => {
    const text = `all of it: <&>"' é 中 🖥 \t\n`;
    expect(unescapeXml(escapeXml(text))).toBe(text);
  });
});
