import { describe, expect, test } from "vitest";
import { directoryName, fileName, hourOf, parseFileName } from "../../../storage/xml/file-names.js";

describe("directories of clusters", () => {
  const cases: [cluster: string, directory: string][] = [
    ["khab", "khab"],
    ["Khab-2_x.y", "Khab-2_x.y"],
    ["..", "%2E."],
    [".hidden", "%2Ehidden"],
    ["../../etc", "%2E.%2F..%2Fetc"],
    ["a b", "a%20b"],
    ["a%20b", "a%2520b"],
    ["é", "%C3%A9"],
    ["a\\b:c*", "a%5Cb%3Ac%2A"],
  ];
  test.each(cases)("%j", (cluster, directory) => {
    expect(directoryName(cluster)).toBe(directory);
  });

  test("long names stay within what a file system takes, and apart", () => {
    const names = ["x".repeat(511), "x".repeat(512), "漢".repeat(512)].map(directoryName);
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(Buffer.byteLength(name)).toBeLessThan(200);
  });
});

describe("files of hours", () => {
  const HOUR_MS = Date.UTC(2026, 10, 22, 1);

  test.each([
    [1, "2026-11-22T01Z.xml.gz"],
    [2, "2026-11-22T01Z-2.xml.gz"],
    [10_000, "2026-11-22T01Z-10000.xml.gz"],
  ])("part %i", (part, name) => {
    expect(fileName({ hourMs: HOUR_MS, part })).toBe(name);
    expect(parseFileName(name)).toEqual({ hourMs: HOUR_MS, part });
  });

  test.each([
    "2026-11-22T01Z.xml",
    "2026-11-22T1Z.xml.gz",
    "2026-11-22T25Z.xml.gz",
    "2026-02-30T01Z.xml.gz",
    "2026-11-22T01Z-1.xml.gz",
    "2026-11-22T01Z-02.xml.gz",
    "x2026-11-22T01Z.xml.gz",
    "../2026-11-22T01Z.xml.gz",
    "",
  ])("%j is none of ours", (name) => {
    expect(parseFileName(name)).toBeUndefined();
  });

  test("an instant lies in its hour, UTC", () => {
    expect(hourOf(HOUR_MS)).toBe(HOUR_MS);
    expect(hourOf(HOUR_MS + 3_599_999)).toBe(HOUR_MS);
    expect(hourOf(HOUR_MS + 3_600_000)).toBe(HOUR_MS + 3_600_000);
  });
});
