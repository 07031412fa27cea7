/** The page that describes the format is read by other people's programs: what it shows must be so. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  parseRequest,
  RefusedError,
  readAlerts,
  readChanges,
  readHistory,
  readMetadata,
  readStatus,
} from "../../../../core/wire/extension/index.js";
import { findProgram } from "../../../setup/peers.mjs";
import { makeExtension } from "../../../support/extension-server.js";
import { MadeCluster, metaOf } from "../../../support/made-cluster.js";

const page = readFileSync("core/wire/extension/FORMAT.md", "utf8");
const blocks = [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, kind, text]) => ({ kind, text: text ?? "" }));
const documents = blocks.filter(({ kind }) => kind === "xml").map(({ text }) => text);
const lines = blocks
  .filter(({ kind }) => kind === "")
  .flatMap(({ text }) => text.trim().split("\n"))
  .filter((line) => line.startsWith("grate:") && !line.includes("<verb>"));

const VERBS = ["alerts", "changes", "dtd", "ganglia", "history", "metadata", "status"];

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  CHANGES: readChanges,
  HISTORY: readHistory,
  METADATA: readMetadata,
  ALERTS: readAlerts,
  STATUS: readStatus,
};

test("there are examples of everything", () => {
  expect(lines.length).toBe(11);
  expect(documents.length).toBe(10);
  const verbs = lines.map((line) => /^grate:1\/(\w+)/.exec(line)?.[1]);
  expect([...new Set(verbs)].sort()).toEqual(VERBS);
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

const xmllint = findProgram("xmllint");

describe.skipIf(xmllint === undefined)("each document is what the DTD says (needs xmllint)", () => {
  test.each(documents.map((text, i) => [i + 1, text] as const))("number %i", (_number, text) => {
    const args = ["--noout", "--nonet", "--dtdvalid", "core/wire/extension/grate.dtd", "-"];
    expect(spawnSync(xmllint ?? "", args, { input: text, encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  });
});

describe("documents of the first collectors are read for ever", () => {
  const directory = "test/fixtures/extension/2026-11-21";
  test.each(readdirSync(directory))("%s", (file) => {
    const text = readFileSync(`${directory}/${file}`, "utf8");
    const body = /<GRATE_XML[^>]*>\s*<(\w+)/.exec(text)?.[1] ?? "";
    if (body === "ERROR") expect(() => readStatus(text)).toThrow(RefusedError);
    else expect(READERS[body]?.(text)).toBeDefined();
  });
});

test("each line is answered by a collector", async () => {
  const { answer, present, clock } = makeExtension();
  for (const name of ["khab", "a/b"]) {
    const cluster = new MadeCluster(name).frame(1, clock.nowMs());
    for (const host of ["node 1", "x y"]) {
      cluster.host(host);
      cluster.set(host, metaOf("load_one"), 1);
    }
    present.clusters.push(cluster);
  }
  for (const line of lines) expect([line, (await answer(line)).error]).toEqual([line, undefined]);
});

test("every element and attribute of the DTD stands on the page", () => {
  const dtd = readFileSync("core/wire/extension/grate.dtd", "utf8");
  const names = [...dtd.matchAll(/<!ELEMENT (\w+)|\b([A-Z_]{2,}) (?:CDATA|\(yes)/g)].flatMap(([, a, b]) => [a, b]);
  const missing = new Set(names.filter((name) => name !== undefined && !new RegExp(`\\b${name}\\b`).test(page)));
  expect([...missing]).toEqual([]);
  expect(names.length).toBeGreaterThan(100);
});

test("the history of all hosts means what is said of it", () => {
  const merged = documents.map((text) => (text.includes("<HISTORY") ? readHistory(text).merged : undefined));
  const [one] = merged.filter((history) => history !== undefined);
  const quotients = Array.from(one?.sum ?? [], (sum, i) => sum / (one?.hosts[i] ?? 0));
  expect(quotients).toEqual([...(one?.avg ?? [])]);
});

test("the changes mean what is said of them", () => {
  const changes = documents.find((text) => text.includes("<CHANGES")) ?? "";
  const [khab] = readChanges(changes).clusters;
  expect([...(khab?.goneRows ?? [])]).toEqual([2]);
  expect(khab?.hosts.map(({ row, facts }) => [row, facts.name])).toEqual([[3, "node4"]]);
  expect([...(khab?.heardMs ?? [])]).toEqual([1_795_291_097_000, 1_795_291_097_000, 1_795_291_100_250]);
  expect([...(khab?.numbers[0]?.values ?? [])]).toEqual([0.5, Number.NaN, 12]);
  expect(khab?.texts[0]?.texts).toEqual(["Linux", "Linux"]);
  expect(readChanges(changes).sums?.[0]).toMatchObject({ name: "Saransk", full: false, hostsUp: 998, hostsDown: 2 });
  expect(readChanges(changes).sums?.[0]?.metrics[0]).toMatchObject({ sum: 312.5, num: 998, decimals: 2 });
});
