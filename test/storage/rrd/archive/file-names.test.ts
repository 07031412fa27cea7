import { describe, expect, test } from "vitest";
import { nameToPath, pathToName } from "../../../../storage/rrd/archive/file-names.js";

const CASES: [name: string, path: string][] = [
  ["load_one", "load_one"],
  ["node1.example.org", "node1.example.org"],
  ["cpu %", "cpu %"],
  ["50%", "50%"],
  ["Хабаровск", "Хабаровск"],
  [" a ", " a "],
  ["CON", "CON"],
  ["a/b", "a%2Fb"],
  ["a\\b", "a%5Cb"],
  [".", "%2E"],
  ["..", "%2E."],
  ["../../x", "%2E.%2F..%2Fx"],
  ["/etc/passwd", "%2Fetc%2Fpasswd"],
  [".hidden", "%2Ehidden"],
  ["%", "%25"],
  ["%61", "%2561"],
  ["a%61", "a%2561"],
  ["%+x", "%25+x"],
  ["__SummaryInfo__", "%5F_SummaryInfo__"],
  ["__SummaryInfo__2", "__SummaryInfo__2"],
];

describe("names as files", () => {
  test.each(CASES)("%j is %j, and back", (name, path) => {
    expect(nameToPath(name)).toBe(path);
    expect(pathToName(path)).toBe(name);
  });

  test.each(["x".repeat(512), "漢".repeat(512), "🐧".repeat(256), "/".repeat(512), `${"a".repeat(199)}漢/b`])(
    "a long name becomes folders, and back",
    (name) => {
      const path = nameToPath(name);
      for (const part of path.split("/")) {
        expect(Buffer.byteLength(part)).toBeLessThanOrEqual(210);
        expect(part).not.toMatch(/^\./);
      }
      expect(pathToName(path)).toBe(name);
    },
  );

  test.each(["a%2fb", "%41", "..", "%+a", "%+a/b", "x".repeat(300)])("%j is no name of ours", (path) => {
    expect(pathToName(path)).toBeUndefined();
  });
});
