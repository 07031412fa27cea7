import { describe, expect, it } from "vitest";
import { decodeText, isText, TextCache } from "../../../../core/wire/ganglia/text.js";
import { SeededRandom } from "../../../support/seeded-random.js";

const octetsOf = (...octets: number[]) => Uint8Array.from(octets);
const decoded = (octets: Uint8Array) => decodeText(octets, 0, octets.length);

describe("decodeText", () => {
  it.each([
    ["", ""],
    ["plain ASCII", "plain ASCII"],
    ["two octets: é ß", "two octets: é ß"],
    ["three octets: 中 €", "three octets: 中 €"],
    ["four octets: 𝔊 🖥", "four octets: 𝔊 🖥"],
    ["\u0000\u001f\u007f\u0080\uffff", "\u0000\u001f\u007f\u0080\uffff"],
  ])("takes valid UTF-8 as UTF-8: %j", (text, expected) => {
    expect(decoded(new TextEncoder().encode(text))).toBe(expected);
  });

  it.each([
    ["a lone lead octet", octetsOf(0x41, 0xe9), "A\u00e9"],
    ["a lone continuation", octetsOf(0x80, 0x41), "\u0080A"],
    ["a sequence cut short", octetsOf(0xe4, 0xb8), "\u00e4\u00b8"],
    ["an overlong slash", octetsOf(0xc0, 0xaf), "\u00c0\u00af"],
    ["an overlong sequence of three", octetsOf(0xe0, 0x80, 0xaf), "\u00e0\u0080\u00af"],
    ["an overlong sequence of four", octetsOf(0xf0, 0x80, 0x80, 0xaf), "\u00f0\u0080\u0080\u00af"],
    ["half a surrogate pair", octetsOf(0xed, 0xa0, 0x80), "\u00ed\u00a0\u0080"],
    ["beyond U+10FFFF", octetsOf(0xf4, 0x90, 0x80, 0x80), "\u00f4\u0090\u0080\u0080"],
    ["valid UTF-8 before an invalid octet", octetsOf(0xc3, 0xa9, 0xff), "\u00c3\u00a9\u00ff"],
  ])("takes the whole string as Latin-1 for %s", (_name, octets, expected) => {
    expect(decoded(octets)).toBe(expected);
  });

  it("agrees with TextDecoder on random octets (seed 7)", () => {
    const random = new SeededRandom(7);
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const palette = [0x41, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x96, 0xa5, 0xed, 0xf4, 0x8f];
    let valid = 0;
    for (let i = 0; i < 20_000; i++) {
      const octets = Uint8Array.from({ length: random.below(7) }, () => random.pick(palette));
      let expected: string;
      try {
        expected = strict.decode(octets);
        valid++;
      } catch {
        expected = Buffer.from(octets).toString("latin1");
      }
      expect(decoded(octets)).toBe(expected);
    }
    expect(valid).toBeGreaterThan(1_000);
  });

  it("decodes a string longer than a function takes arguments", () => {
    const text = "é".repeat(300_000);
    expect(decoded(new TextEncoder().encode(text))).toBe(text);
  });
});

describe("isText", () => {
  const octets = new TextEncoder().encode("xload_onex");

  it.each([
    ["load_one", true],
    ["load_onf", false],
    ["load_on", false],
    ["load_one1", false],
    ["", false],
  ])("compares with %j", (text, expected) => {
    expect(isText(octets, 1, 9, text)).toBe(expected);
  });

  it("does not judge what is not ASCII", () => {
    expect(isText(octetsOf(0xe9), 0, 1, "\u00e9")).toBe(false);
  });
});

describe("TextCache", () => {
  it("gives the right text whatever was there before", () => {
    const cache = new TextCache(1);
    const texts = ["load_one", "load_five", "é", "", "load_one", "x".repeat(100), "load_one"];
    const given = texts.map((text) => {
      const octets = new TextEncoder().encode(text);
      return cache.decode(octets, 0, octets.length);
    });
    expect(given).toEqual(texts);
  });

  it("refuses a number of places that a mask cannot address", () => {
    expect(() => new TextCache(3)).toThrow("BUG: 3 is no power of two");
  });
});
