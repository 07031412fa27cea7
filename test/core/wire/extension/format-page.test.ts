/** The page that describes the format is read by other people's programs: what it shows must be so. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  parseRequest,
  RefusedError,
  readAlerts,
  readChanges,
  readHistory,
  readStatus,
} from "../../../../core/wire/extension/index.js";

const page = readFileSync("core/wire/extension/FORMAT.md", "utf8");
const blocks = [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, kind, text]) => ({ kind, text: text ?? "" }));
const documents = blocks.filter(({ kind }) => kind === "xml").map(({ text }) => text);
const lines = blocks
  .filter(({ kind }) => kind === "")
  .flatMap(({ text }) => text.trim().split("\n"))
  .filter((line) => !line.includes("<verb>"));

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  CHANGES: readChanges,
  HISTORY: readHistory,
  ALERTS: readAlerts,
  STATUS: readStatus,
};

test("there are examples of everything", () => {
  expect(lines.length).toBe(4);
  expect(documents.length).toBe(7);
});

test.each(lines)("the line %s is understood", (line) => {
  expect(parseRequest(line).verb).toBe(/^grate:1\/(\w+)/.exec(line)?.[1]);
});

describe("each document is read", () => {
  test.each(documents.map((text, i) => [i + 1, text] as const))("number %i", (_number, text) => {
    const body = /<GRATE_XML[^>]*>\s*<(\w+)/.exec(text)?.[1] ?? "";
    if (body === "ERROR") expect(() => readStatus(text)).toThrow(RefusedError);
    else expect(READERS[body]?.(text)).toBeDefined();
  });
});

test("the changes mean what is said of them", () => {
  const changes = documents.find((text) => text.includes("<CHANGES")) ?? "";
  const [khab] = readChanges(changes).clusters;
  expect([...(khab?.goneRows ?? [])]).toEqual([2]);
  expect(khab?.hosts.map(({ row, facts }) => [row, facts.name])).toEqual([[3, "node4"]]);
  expect([...(khab?.heardMs ?? [])]).toEqual([1_795_291_097_000, 1_795_291_097_000, 1_795_291_100_250]);
  expect([...(khab?.numbers[0]?.values ?? [])]).toEqual([0.5, Number.NaN, 12]);
  expect(khab?.texts[0]?.texts).toEqual(["Linux", "Linux"]);
});
