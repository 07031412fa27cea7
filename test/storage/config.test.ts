import { describe, expect, test } from "vitest";
import { storageSchema } from "../../storage/config.js";

const DAY_MS = 86_400_000;

describe("accepted", () => {
  const cases: [name: string, input: unknown, file: string, keep: number | undefined][] = [
    ["nothing said", undefined, "history.db", undefined],
    ["an empty map", {}, "history.db", undefined],
    ["an empty store", { sqlite: {} }, "history.db", undefined],
    ["a file", { sqlite: { file: "/var/lib/grate/h.db" } }, "/var/lib/grate/h.db", undefined],
    ["documents beside it", { xml: { every: "30s", keep: "30d", size: "1G" } }, "history.db", undefined],
    ["a size", { sqlite: { "size-limit": "20G" } }, "history.db", undefined],
    ["an age", { sqlite: { keep: "400d" } }, "history.db", 400 * DAY_MS],
  ];
  test.each(cases)("%s", (_, input, file, keep) => {
    const { sqlite } = storageSchema.parse(input);
    expect([sqlite.file, sqlite.keep]).toEqual([file, keep]);
  });
});

describe("refused", () => {
  const cases: [name: string, input: unknown, words: string][] = [
    ["an unknown store", { oracle: {} }, "oracle"],
    ["an unknown key", { sqlite: { path: "x" } }, "path"],
    ["an empty file", { sqlite: { file: "" } }, "expected a path"],
    ["a file with a NUL", { sqlite: { file: "a\0b" } }, "expected a path"],
    ["a number for a file", { sqlite: { file: 7 } }, "expected string"],
    ["an age that is none", { sqlite: { keep: "long" } }, "expected a duration"],
    ["an age shorter than an hour", { sqlite: { keep: "59m" } }, "out of range"],
    ["a size that is none", { sqlite: { "size-limit": "much" } }, "not a size"],
    ["a size smaller than the newest samples", { sqlite: { "size-limit": "63M" } }, "at least 64M"],
    ["nothing for a store", { sqlite: null }, "expected object"],
    ["documents too often", { xml: { every: "500ms" } }, "out of range"],
    ["documents at parts of seconds", { xml: { every: "1500ms" } }, "whole seconds"],
    ["documents in no room", { xml: { size: "1k" } }, "at least 1M"],
    ["a remote store without an address", { remote: {} }, "write"],
  ];
  test.each(cases)("%s", (_, input, words) => {
    expect(storageSchema.safeParse(input).error?.message).toContain(words);
  });
});
