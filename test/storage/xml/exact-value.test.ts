import { describe, expect, test } from "vitest";
import { parseNumber } from "../../../core/model/number-text.js";
import { escapeXml, unescapeXml } from "../../../core/wire/xml/escape.js";
import { exactOf, exactPair, isSayable, withExact, withoutExact } from "../../../storage/xml/exact-value.js";
import { metaOf } from "../../support/made-cluster.js";

const NAN_WITH_PAYLOAD = new Float64Array(new BigUint64Array([0x7ff8_0000_dead_beefn]).buffer)[0] as number;
const bits = (value: number) => new BigUint64Array(Float64Array.of(value).buffer)[0];

describe("numbers", () => {
  test.each([0, 1, -1, 0.1, 1e21, 5e-324, Number.MAX_VALUE, 2 ** 53, Number.NaN])("%d needs nothing", (value) => {
    expect(exactPair(value)).toBeUndefined();
    expect(bits(parseNumber(String(value)))).toBe(bits(value));
  });

  test.each([-0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, NAN_WITH_PAYLOAD])("%d comes back", (value) => {
    const pair = exactPair(value);
    if (pair === undefined) throw new Error("nothing is said of it");
    const meta = withExact(metaOf("m", { extra: [["GROUP", "g"]] }), pair);
    expect(bits(exactOf(meta, "number") as number)).toBe(bits(value));
    expect(withoutExact(meta)).toEqual(metaOf("m", { extra: [["GROUP", "g"]] }));
  });
});

describe("texts", () => {
  test.each(["", "a", "é🐧", "\r\n\t", "\u007f\u0085\u00a0", "<&>'\"]]>"])("%j needs nothing", (text) => {
    expect(exactPair(text)).toBeUndefined();
    expect(unescapeXml(escapeXml(text))).toBe(text);
  });

  test.each(["\0", "a\u001b[31m", "\ud800", "a\udc00b", "\ufffe\uffff", "🐧\ud800"])("%j comes back", (text) => {
    const pair = exactPair(text);
    if (pair === undefined) throw new Error("nothing is said of it");
    expect(unescapeXml(escapeXml(pair[1]))).toBe(pair[1]);
    expect(exactOf(withExact(metaOf("m", { type: "string" }), pair), "text")).toBe(text);
  });
});

test.each<[string, "number" | "text", string]>([
  ["bits that are too few", "number", "7ff8"],
  ["bits that are none", "number", "zzzzzzzzzzzzzzzz"],
  ["no JSON", "text", '"a'],
  ["another kind of JSON", "text", "{}"],
])("what somebody else says under our name is nothing: %s", (_, kind, said) => {
  expect(exactOf(metaOf("m", { extra: [["GRATE_EXACT", said]] }), kind)).toBeUndefined();
});

test.each<[string, boolean]>([
  ["node1", true],
  ["<b>", true],
  ["漢字🐧", true],
  ["a\ufffe", false],
  ["\uffff", false],
])("the name %j can be said: %s", (name, sayable) => {
  expect(isSayable(name)).toBe(sayable);
});
