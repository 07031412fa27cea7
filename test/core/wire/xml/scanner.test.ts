import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { escapeXml } from "../../../../core/wire/xml/escape.js";
import { DEFAULT_XML_LIMITS, scanXml, XmlError, type XmlLimits } from "../../../../core/wire/xml/scanner.js";

/** What the handler was told, one line for each call. */
function told(document: string, limits?: XmlLimits): string[] {
  const lines: string[] = [];
  scanXml(
    document,
    {
      start: (name, attributes) => lines.push(`<${name} ${JSON.stringify([...attributes])}`),
      end: (name) => lines.push(`/${name}`),
      text: (text) => lines.push(JSON.stringify(text)),
    },
    limits,
  );
  return lines;
}

describe("scanXml reads", () => {
  test.each<[string, string, string[]]>([
    ["an empty element", "<A/>", ["<A []", "/A"]],
    ["a pair of tags", "<A></A >", ["<A []", "/A"]],
    ["attributes in order, in both quotes", `<A X="1" Y='"'/>`, ['<A [["X","1"],["Y","\\""]]', "/A"]],
    ["white space around =", `<A X\n=\t"1"\r\n/>`, ['<A [["X","1"]]', "/A"]],
    ["a > in an attribute", '<A X="a>b"/>', ['<A [["X","a>b"]]', "/A"]],
    ["line ends in attributes as blanks", '<A X="a\nb\r\nc\td"/>', ['<A [["X","a b c d"]]', "/A"]],
    ["references to line ends as they are", '<A X="a&#10;b&#13;&#9;"/>', ['<A [["X","a\\nb\\r\\t"]]', "/A"]],
    ["the five entities", "<A>&lt;&gt;&amp;&quot;&apos;</A>", ["<A []", `"<>&\\"'"`, "/A"]],
    ["an entity of an entity once", "<A>&amp;lt;</A>", ["<A []", '"&lt;"', "/A"]],
    ["characters by number", "<A>&#233;&#x20AC;&#128512;</A>", ["<A []", '"é€😀"', "/A"]],
    ["text with its white space", "<A> \n a\r\nb\rc </A>", ["<A []", '" \\n a\\nb\\nc "', "/A"]],
    ["text around a comment", "<A>1<!-- <B> -->2</A>", ["<A []", '"1"', '"2"', "/A"]],
    ["what stands before and after", '\ufeff<?xml version="1.0"?>\n<!-- x --><A/>\n<!---->\n', ["<A []", "/A"]],
    ["a DTD, passing it over", "<!DOCTYPE A [ <!ATTLIST A X CDATA #IMPLIED> ]><A/>", ["<A []", "/A"]],
    ["a DTD of another file, unread", "<!DOCTYPE A ><A/>", ["<A []", "/A"]],
    ["names with dots, dashes, digits", "<A.b-1_c/>", ["<A.b-1_c []", "/A.b-1_c"]],
    [
      "attributes named like object members",
      '<A __proto__="1" toString="2"/>',
      ['<A [["__proto__","1"],["toString","2"]]', "/A"],
    ],
  ])("%s", (_what, document, expected) => {
    expect(told(document)).toEqual(expected);
  });

  test("a real gmetad's dump", () => {
    const document = readFileSync("test/fixtures/ganglia-3.7.2/gmetad-8651.xml", "latin1");
    const lines = told(document);
    expect(lines.filter((line) => line.startsWith("<METRIC ")).length).toBe(117);
    expect(lines.filter((line) => line === "/HOST").length).toBe(3);
  });

  test.each(["", " ", "a&b<c>\"'", "é \u{1F600} \u007f", "tab\tnewline\nreturn\r", "]]>", "&amp;"])(
    "what escapeXml wrote: %j",
    (text) => {
      expect(told(`<A X="${escapeXml(text)}">${escapeXml(text)}</A>`)).toEqual(
        [`<A ${JSON.stringify([["X", text]])}`, JSON.stringify(text), "/A"].filter((line) => line !== '""'),
      );
    },
  );
});

describe("scanXml refuses", () => {
  test.each<[string, string]>([
    ["nothing", ""],
    ["white space only", " \n"],
    ["only a declaration", '<?xml version="1.0"?>'],
    ["text before the element", "x<A/>"],
    ["text after the element", "<A/>x"],
    ["two elements at the top", "<A/><B/>"],
    ["an element that stays open", "<A><B></B>"],
    ["crossed tags", "<A><B></A></B>"],
    ["an end without a start", "</A>"],
    ["an end too many", "<A/></A>"],
    ["an end tag with an attribute", '<A></A X="1">'],
    ["an end tag that closes itself", "<A></A/>"],
    ["a tag without a name", "< A/>"],
    ["a name that begins with a digit", "<1/>"],
    ["an attribute without quotes", "<A X=1/>"],
    ["an attribute without a value", "<A X/>"],
    ["attributes without a blank between", '<A X="1"Y="2"/>'],
    ["an attribute twice", '<A X="1" X="1"/>'],
    ["< in an attribute", '<A X="<"/>'],
    ["a bare &", "<A>a & b</A>"],
    ["an entity nobody knows", "<A>&nbsp;</A>"],
    ["a reference to NUL", "<A>&#0;</A>"],
    ["a reference to a control character", "<A>&#1;</A>"],
    ["a reference to half a pair", "<A>&#xD800;</A>"],
    ["a reference beyond Unicode", "<A>&#x110000;</A>"],
    ["a control character", "<A>\u0001</A>"],
    ["a NUL after the end", "<A/>\u0000"],
    ["entities of its own", '<!DOCTYPE A [<!ENTITY x "y">]><A>&x;</A>'],
    ["parameter entities", "<!DOCTYPE A [%x;]><A/>"],
    ["a DTD inside", "<A><!DOCTYPE A></A>"],
    ["two DTDs", "<!DOCTYPE A><!DOCTYPE A><A/>"],
    ["a DTD that does not end", "<!DOCTYPE A [ <A/>"],
    ["CDATA", "<A><![CDATA[x]]></A>"],
    ["a comment that does not end", "<A/><!-- x"],
    ["an instruction that does not end", "<A/><?x"],
  ])("%s", (_what, document) => {
    expect(() => told(document)).toThrow(XmlError);
  });

  const nested = (depth: number) => "<A>".repeat(depth) + "</A>".repeat(depth);
  const many = (count: number) => `<A ${Array.from({ length: count }, (_, i) => `X${i}="1"`).join(" ")}/>`;

  test.each<[string, string, string]>([
    ["depth", nested(DEFAULT_XML_LIMITS.depthMax), nested(DEFAULT_XML_LIMITS.depthMax + 1)],
    ["attributes", many(DEFAULT_XML_LIMITS.attributesMax), many(DEFAULT_XML_LIMITS.attributesMax + 1)],
  ])("more %s than the limit and not less", (_what, fits, over) => {
    expect(told(fits).length).toBeGreaterThan(0);
    expect(() => told(over)).toThrow(/more than/);
  });

  test("a document longer than the limit", () => {
    const limits = { ...DEFAULT_XML_LIMITS, charsMax: 10 };
    expect(told("<A>34567</A>".slice(0, 4).concat("</A>"), limits).length).toBe(3);
    expect(() => told("<A>3456</A>", limits)).toThrow("the document has 11 characters, at most 10 are read");
  });

  test("a document cut anywhere, saying where", () => {
    const whole = '<?xml version="1.0"?><A X="1"><B>t&amp;</B><!-- c --><C Y=\'2\'/></A>';
    for (let end = 0; end < whole.length; end++) {
      expect(() => told(whole.slice(0, end)), whole.slice(0, end)).toThrow(/at character \d+/);
    }
    expect(told(whole).at(-1)).toBe("/A");
  });

  test("a megabyte of bad starts in no time that grows with its square", () => {
    expect(() => told(`<A ${"X='".repeat(300_000)}`)).toThrow(XmlError);
    expect(() => told(`<A>${"&#".repeat(300_000)}</A>`)).toThrow(XmlError);
    expect(() => told(`<!DOCTYPE A ${" ".repeat(300_000)}`)).toThrow(XmlError);
  });
});
