import { expect, test } from "vitest";
import { printable, printableLines } from "../../triggers/printable.js";

test.each<[string, string]>([
  ["plain text, ünïcödé 温度 🔥", "plain text, ünïcödé 温度 🔥"],
  ["a\r\nBcc: x@y", "a??Bcc: x@y"],
  ["a\u0000b\u007fc\u0085d", "a?b?c?d"],
  ["\u001b[2J", "?[2J"],
  ["a\u202eb\u2066c\u200fd", "a?b?c?d"],
  ["a\u2028b\u2029c", "a?b?c"],
  ["half \ud83d pair", "half ? pair"],
])("%j becomes %j", (text, expected) => {
  expect(printable(text, 100)).toBe(expected);
});

test("is cut, but not through a pair", () => {
  expect(printable("abcdefghij", 10)).toBe("abcdefghij");
  expect(printable("abcdefghijk", 10)).toBe("abcdefg...");
  expect(printable("abcdef🔥hijk", 10)).toBe("abcdef...");
});

test("output of programs keeps its lines", () => {
  expect(printableLines("a\r\nb\tc\n\u001b[31mred\u0007")).toBe("a\nb\tc\n?[31mred?");
});
