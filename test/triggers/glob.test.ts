import { expect, test } from "vitest";
import { globTest } from "../../triggers/glob.js";

test.each<[string, string, boolean]>([
  ["*", "", true],
  ["*", "anything", true],
  ["node1", "node1", true],
  ["node1", "node10", false],
  ["node1", "Node1", false],
  ["node*", "node", true],
  ["node*", "node12", true],
  ["node*", "xnode", false],
  ["*node", "mynode", true],
  ["*node", "node1", false],
  ["n*e*2", "node12", true],
  ["n*e*2", "node13", false],
  ["a*b*c", "abbbc", true],
  ["a*b*c", "acb", false],
  ["**", "x", true],
  ["a**b", "ab", true],
  ["node?", "node1", true],
  ["node?", "node", false],
  ["node?", "node12", false],
  ["???", "abc", true],
  ["?*?", "a", false],
  ["?*?", "ab", true],
  ["node?", "node🔥", true],
  ["node[1-9]", "node[1-9]", true],
  ["node[1-9]", "node5", false],
  ["a.c", "abc", false],
  ["a.c", "a.c", true],
  ["a*", "a\nb", true],
  ["(a|b)+$", "(a|b)+$", true],
  ["node\\*", "node\\x", true],
  ["*?", "", false],
])("%s, %s: %s", (pattern, name, expected) => {
  expect(globTest([pattern])(name)).toBe(expected);
});

test("any of several patterns will do", () => {
  const test = globTest(["node*", "head?"]);
  expect(["node1", "head1", "head10", "login"].map(test)).toEqual([true, true, false, false]);
});

test("hostile patterns end", () => {
  expect(globTest([`${"*a".repeat(255)}b`])("a".repeat(512))).toBe(false);
});

test("agrees with a search that tries everything, on all short words", () => {
  const words = (letters: string, lengthMax: number): string[] => {
    const all = [""];
    for (let from = 0, length = 1; length <= lengthMax; length++) {
      const to = all.length;
      for (; from < to; from++) for (const letter of letters) all.push(all[from] + letter);
    }
    return all;
  };
  const slow = (pattern: string, name: string): boolean => {
    if (pattern === "") return name === "";
    const rest = pattern.slice(1);
    if (pattern[0] === "*") return slow(rest, name) || (name !== "" && slow(pattern, name.slice(1)));
    return name !== "" && (pattern[0] === "?" || pattern[0] === name[0]) && slow(rest, name.slice(1));
  };
  let compared = 0;
  for (const pattern of words("ab*?", 4)) {
    const fast = globTest([pattern]);
    for (const name of words("ab", 5)) {
      if (fast(name) !== slow(pattern, name)) throw new Error(`${pattern} on ${name} should be ${slow(pattern, name)}`);
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(20_000);
});
