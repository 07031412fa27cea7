import { expect, test } from "vitest";
import { NAME_LENGTH_MAX, nameFault, quoteName } from "../../../core/model/names.js";

test.each([
  "node1",
  "node1.example.org",
  "10.77.0.11",
  "../../x",
  "<b>",
  "node[1-999]",
  "a b/c?d%e",
  "température",
  "\u{1F525}",
  "x".repeat(NAME_LENGTH_MAX),
])("a strange name is still a name: %j", (name) => {
  expect(nameFault(name)).toBeUndefined();
});

test.each([
  ["", "empty"],
  ["x".repeat(5_000), "5000 characters"],
  ["a\nb", "control character (code 10) at position 1"],
  ["\u0000", "code 0"],
  ["a\u007f", "code 127"],
  ["a\u0085", "code 133"],
  ["a\ud83d", "half a surrogate pair at position 1"],
  ["\udd25b", "half a surrogate pair at position 0"],
])("%j is refused: %s", (name, reason) => {
  expect(nameFault(name)).toContain(reason);
});

test("a quoted name is one short printable line", () => {
  expect(quoteName('a"\n')).toBe('"a\\"\\n"');
  expect(quoteName("x".repeat(5_000)).length).toBeLessThan(100);
});
