/**
 * What rrdtool 1.7.2 made, recorded on a machine that has it: the bytes of the file after
 * every command, what it said, and what it printed of the file at the end. 41 cases made
 * by hand, one for each rule of the format, and 200 random ones.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ourPipe } from "./support/our-pipe.js";
import { difference } from "./support/rrd-file.js";
import { readTarGz } from "./support/tar.js";

const FIXTURES = resolve(import.meta.dirname, "../../fixtures/rrd");
const VECTORS = join(FIXTURES, "vectors");

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "grate-rrd-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** @param file by name: create.txt, commands.txt ... */
function replay(name: string, file: (name: string) => Buffer): void {
  const text = (part: string) => file(part).toString("latin1");
  const path = join(directory, "FILE");
  const answer = ourPipe(directory);
  expect(answer(`create FILE ${text("create.txt").trim().split("\n").join(" ")}`)).toEqual({
    output: "",
    verdict: "OK",
  });
  expect(difference(readFileSync(path), file("initial.rrd")), `${name}: create`).toBeUndefined();

  const results = text("result.txt").trimEnd().split("\n");
  const commands = text("commands.txt").trimEnd().split("\n");
  expect(results.length).toBe(commands.length);
  commands.forEach((command, i) => {
    const { verdict } = answer(command);
    const sha = createHash("sha256").update(readFileSync(path)).digest("hex");
    expect(`${sha} ${verdict}`, `${name}: ${command}`).toBe(results[i]);
  });
  expect(difference(readFileSync(path), file("final.rrd")), `${name}: at the end`).toBeUndefined();

  const [, ...questions] = `\n${text("fetch.txt")}`.split("\n$ ");
  expect(questions.length).toBeGreaterThan(0);
  for (const question of questions) {
    const end = question.indexOf("\n");
    const { output, verdict } = answer(question.slice(0, end));
    expect(`${output}${verdict}`, `${name}: ${question.slice(0, end)}`).toBe(question.slice(end + 1).trimEnd());
  }
  expect(answer("info FILE").output, `${name}: info`).toBe(text("info.txt"));
}

describe("the vectors of the format", () => {
  const names = readdirSync(VECTORS).sort();
  test("all are here", () => expect(names.length).toBe(41));
  test.each(names)("%s: bytes after each command, messages, fetch and info", (name) => {
    replay(name, (part) => readFileSync(join(VECTORS, name, part)));
  });
});

describe("random cases, recorded", () => {
  const files = readTarGz(join(FIXTURES, "random-200.tar.gz"));
  const names = [...new Set([...files.keys()].map((path) => path.split("/")[0] as string))].sort();
  test("all are here", () => expect(names.length).toBe(200));
  test.each(names)("%s", (name) => {
    replay(name, (part) => files.get(`${name}/${part}`) as Buffer);
  });
});
