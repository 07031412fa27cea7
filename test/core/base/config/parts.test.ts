/** The small parts of the loader, one table each. */

import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { effectiveYaml } from "../../../../core/base/config/effective.js";
import { expandGlob, matchesSegment } from "../../../../core/base/config/glob.js";
import { jsonSchemaOf, knownKeys } from "../../../../core/base/config/json-schema.js";
import { loadConfigFiles } from "../../../../core/base/config/load.js";
import { parseYaml } from "../../../../core/base/config/parse-yaml.js";
import { sourceOffsetOf } from "../../../../core/base/config/scalar-offset.js";
import { SourceText } from "../../../../core/base/config/source-text.js";
import { closest, editDistance } from "../../../../core/base/config/suggest.js";
import { corpusSchema } from "./corpus-schema.js";

test.each([
  ["", 0, 1, 1],
  ["ab", 1, 1, 2],
  ["ab", 99, 1, 3],
  ["a\nb", 1, 1, 2],
  ["a\nb", 2, 2, 1],
  ["a\n\nb", 2, 2, 1],
  ["a\r\nb", 3, 2, 1],
  ["a\n", 2, 2, 1],
  ["a", -5, 1, 1],
])("place in %j at %i is %i:%i", (text, offset, line, column) => {
  expect(new SourceText("f", text).place(offset)).toEqual({ file: "f", line, column });
});

describe("an offset inside of a value", () => {
  /** Source of the value of the key k; every character of the value that is no blank must be found where it stands. */
  test.each([
    ["k: a > b"],
    ["k: 'it''s > b'"],
    ['k: "a\\" \\\\ > b"'],
    ["k: |\n  a > b\n    c\n\n  d"],
    ["k: |2-\n    a > b\n  c"],
    ["k: >\n  a\n  b\n\n  c\n    d\n  e"],
    ["k: a\n  b\n\n  c"],
    ["k: 'a\n  b\n\n  c'"],
    ['k: "a\n  b \\\n  c\n\n  d"'],
    ["k:   &x   a > b # comment"],
    ["{ k: a > b }"],
  ])("%j", (text) => {
    const { root } = parseYaml(new SourceText("f", text));
    const scalar = root?.kind === "map" ? root.entries.get("k")?.value : undefined;
    if (scalar?.kind !== "scalar" || typeof scalar.value !== "string") throw new Error("the case is no text");
    const { value } = scalar;
    for (let i = 0; i < value.length; i++) {
      if (/\s/.test(value[i] as string)) continue;
      const at = sourceOffsetOf(scalar, i);
      const written = text[at] === "\\" ? text[at + 1] : text[at];
      expect(written).toBe(value[i]);
    }
    // The end of the value lies behind its last character, inside of the scalar.
    const lastChar = sourceOffsetOf(scalar, value.trimEnd().length - 1);
    const end = sourceOffsetOf(scalar, value.length);
    expect(end).toBeGreaterThan(lastChar);
    expect(end).toBeLessThanOrEqual(scalar.end);
  });

  test.each([
    ['k: "\\x41!"', 1, 8],
    ['k: "\\u0041!"', 1, 10],
    ['k: "\\U0001F600!"', 2, 14],
    ['k: "\\t\\n!"', 2, 8],
    ['k: "\\x20!"', 1, 8],
    ["k: ''", 0, 4],
    ["k: 5", 3, 3],
    ["k: a b", 1, 4],
  ])("%j at %i is source offset %i", (text, valueOffset, expected) => {
    const { root } = parseYaml(new SourceText("f", text));
    const scalar = root?.kind === "map" ? root.entries.get("k")?.value : undefined;
    if (scalar?.kind !== "scalar") throw new Error("the case is no scalar");
    expect(sourceOffsetOf(scalar, valueOffset)).toBe(expected);
  });
});

test.each([
  ["", "", 0],
  ["abc", "abc", 0],
  ["abc", "abd", 1],
  ["abc", "acb", 1],
  ["abc", "ab", 1],
  ["kitten", "sitting", 3],
  ["abcdef", "x", 5],
])("edit distance of %j and %j is %i", (a, b, expected) => {
  expect(editDistance(a, b, 5)).toBe(expected);
});

test.each([
  ["adress", "address"],
  ["Every", "every"],
  ["sotrage", "storage"],
  ["to", undefined],
  ["frobnicate", undefined],
])("closest to %j is %j", (name, expected) => {
  expect(closest(name, ["address", "every", "storage", "type"])).toBe(expected);
});

test.each([
  ["a.yaml", "*.yaml", true],
  ["a.yaml", "*", true],
  ["a.yaml", "?.yaml", true],
  ["ab.yaml", "?.yaml", false],
  ["a.yml", "*.yaml", false],
  [".a.yaml", "*.yaml", false],
  [".a.yaml", ".*.yaml", true],
  ["aXbXc", "a*b*c", true],
  ["aXbX", "a*b*c", false],
  ["a[1]", "a[1]", true],
  ["", "*", true],
  [`${"a".repeat(60)}b`, `${"a*".repeat(30)}c`, false],
])("name %j against %j is %s", (name, pattern, expected) => {
  expect(matchesSegment(name, pattern)).toBe(expected);
});

test.each([
  ["t/*.yaml", ["/etc/t/a.yaml", "/etc/t/b.yaml"]],
  ["*/a.yaml", ["/etc/s/a.yaml", "/etc/t/a.yaml"]],
  ["/srv/x.yaml", ["/srv/x.yaml"]],
  ["../x.yaml", ["/x.yaml"]],
])("glob %j gives %j", (pattern, expected) => {
  const tree: Record<string, string[]> = { "/etc": ["t", "s"], "/etc/t": ["b.yaml", "a.yaml", "c.txt"], "/etc/s": [] };
  expect(expandGlob("/etc", pattern, (directory) => tree[directory] ?? [])).toEqual(expected);
});

test.each([
  [["sources", 0], { sources: [{ type: "file" }] }, ["type", "path"]],
  [["sources", 0], { sources: [{ type: "tcp" }] }, ["type", "address"]],
  [["sources", 0], { sources: [{}] }, ["type", "path", "address"]],
  [["receivers", "ops"], { receivers: { ops: {} } }, ["to", "password", "token"]],
  [["nowhere"], {}, []],
])("keys known at %j", (path, value, expected) => {
  expect(knownKeys(jsonSchemaOf(corpusSchema), value, path)).toEqual(expected);
});

describe("the effective configuration", () => {
  const text = [
    "name: smtp://me:hunter2@mail:25",
    "every: 90s",
    "storage: { file: { path: a } }",
    "receivers: { ops: { to: x, token: abc, password: { file: /etc/p } } }",
    "triggers: [{ name: a, when: x > 1 }]",
  ].join("\n");
  const encode = (written: string) => new TextEncoder().encode(written);
  const list = () => {
    throw Object.assign(new Error("none"), { code: "ENOENT" });
  };
  const load = (written: string) =>
    loadConfigFiles("g", corpusSchema, { files: { read: () => encode(written), list } });
  const loaded = load(text);
  const printed = effectiveYaml(loaded.written, loaded.config, jsonSchemaOf(corpusSchema));

  test("has the defaults, in the notation of the file, and no secrets", () => {
    expect(parse(printed)).toEqual({
      name: "smtp://me:***@mail:25",
      every: "90s",
      level: "info",
      listen: "127.0.0.1:8661",
      people: [],
      sources: [],
      storage: { file: { path: "a", sync: "1s" } },
      receivers: { ops: { to: "x", token: "***", password: { file: "/etc/p" } } },
      triggers: [{ name: "a", when: "x > 1", for: "1m" }],
      "trigger-files": [],
      limit: 65_536,
    });
    expect(printed).not.toMatch(/hunter2|abc/);
  });

  test("loads to the same configuration", () => {
    const plain = load("name: n\nevery: 1h30m");
    const again = load(effectiveYaml(plain.written, plain.config, jsonSchemaOf(corpusSchema)));
    expect(again.config).toEqual(plain.config);
  });
});
