import { describe, expect, test } from "vitest";
import type { ConfigFiles } from "../../../../core/base/config/config-files.js";
import { FILE_BYTES_MAX, FILES_MAX, loadConfig, loadConfigFiles } from "../../../../core/base/config/load.js";
import { ConfigError } from "../../../../core/base/errors.js";
import { corpusSchema } from "./corpus-schema.js";

/** Texts by path; a directory is what paths lie in. */
function filesOf(texts: Readonly<Record<string, string>>): ConfigFiles {
  const fail = (code: string) => Object.assign(new Error(`${code}: as asked`), { code });
  return {
    read(path, bytesMax) {
      const text = texts[path];
      if (text === undefined) throw fail("ENOENT");
      if (text.startsWith("!")) throw fail(text.slice(1));
      return new TextEncoder().encode(text).subarray(0, bytesMax);
    },
    list(directory) {
      const inside = Object.keys(texts).filter((path) => path.startsWith(`${directory}/`));
      if (inside.length === 0) throw fail("ENOENT");
      return [...new Set(inside.map((path) => path.slice(directory.length + 1).split("/")[0] as string))].reverse();
    },
  };
}

function load(texts: Readonly<Record<string, string>>, file = "/etc/g.yaml") {
  return loadConfig(file, corpusSchema, { files: filesOf(texts) });
}

function faultsOf(texts: Readonly<Record<string, string>>, file = "/etc/g.yaml"): string[] {
  try {
    load(texts, file);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
}

const TRIGGER = "{ name: a, when: x }";

describe("several files", () => {
  test("conf.d: sections merge key by key, lists append, in order of names", () => {
    const config = load({
      "/etc/g.yaml": "name: n\nsources: [{ type: file, path: /1 }]\nreceivers: { a: { to: x } }\npeople: [p]",
      "/etc/conf.d/20.yaml": "sources: [{ type: file, path: /3 }]\nreceivers: { c: { to: z } }",
      "/etc/conf.d/10.yaml": "sources: [{ type: file, path: /2 }]\nreceivers: { b: { to: y } }\nlevel: warn",
      "/etc/conf.d/.hidden.yaml": "name: other",
      "/etc/conf.d/10.yaml.bak": "name: other",
    });
    expect(config.sources.map((source) => source.type === "file" && source.path)).toEqual(["/1", "/2", "/3"]);
    expect(Object.keys(config.receivers)).toEqual(["a", "b", "c"]);
    expect(config.level).toBe("warn");
  });

  test("a section split over files keeps both halves", () => {
    const config = load({
      "/etc/g.yaml": "name: n\nstorage: { file: { path: a } }",
      "/etc/conf.d/1.yaml": 'storage: { remote: { address: "h:1" } }',
    });
    expect(config.storage).toEqual({ file: { path: "a", sync: 1_000 }, remote: { address: { host: "h", port: 1 } } });
  });

  test.each([
    ["a scalar", "name: n", "name: m", ["/etc/conf.d/1.yaml:1:1: name is set twice, first at /etc/g.yaml:1:1; "]],
    [
      "an entry of the same name",
      "name: n\nreceivers:\n  a: { to: x }",
      "\nreceivers: { a: { to: y } }",
      ["/etc/conf.d/1.yaml:2:14: receivers.a is set twice, first at /etc/g.yaml:3:3; "],
    ],
    [
      "entries that would complete each other",
      "name: n\nstorage: { file: { path: a } }",
      "storage: { file: { sync: 1s } }",
      ["/etc/conf.d/1.yaml:1:12: storage.file is set twice, first at /etc/g.yaml:2:12; "],
    ],
    ["unlike kinds", "name: n\npeople: [p]", "people: q", ["/etc/conf.d/1.yaml:1:1: people is set twice, first at "]],
  ])("%s given twice is refused, naming both places", (_, main, other, expected) => {
    const faults = faultsOf({ "/etc/g.yaml": main, "/etc/conf.d/1.yaml": other });
    expect(faults).toHaveLength(expected.length);
    for (const [i, start] of expected.entries()) expect(faults[i]).toContain(start);
  });

  test("faults of a merged file are told where they stand", () => {
    const texts = { "/etc/g.yaml": "name: n\nlevle: x", "/etc/conf.d/1.yaml": "\n\npeople: [p, 5]" };
    expect(faultsOf(texts)).toEqual([
      '/etc/g.yaml:2:1: unknown key "levle", did you mean "level"?',
      "/etc/conf.d/1.yaml:3:13: expected text, found 5",
    ]);
  });

  test("a file that is not YAML does not hide what another one says", () => {
    const texts = { "/etc/g.yaml": "name: [", "/etc/conf.d/1.yaml": "a: 1\na: 2" };
    expect(faultsOf(texts).map((fault) => fault.split(": ")[0])).toEqual(["/etc/g.yaml:1:8", "/etc/conf.d/1.yaml:2:1"]);
  });
});

describe("trigger-files", () => {
  test("lists and maps append to triggers, relative to the file that names them", () => {
    const config = load({
      "/etc/g.yaml": `name: n\ntriggers: [${TRIGGER}]\ntrigger-files: ["t/*.yaml", t/0.yaml]`,
      "/etc/t/1.yaml": "- { name: b, when: x }\n- { name: c, when: x }",
      "/etc/t/0.yaml": "triggers:\n  - { name: d, when: x }",
      "/etc/t/2.yaml": "# nothing yet",
      "/etc/t/x.txt": "not ours",
      "/etc/conf.d/1.yaml": "trigger-files: [more.yaml]",
      "/etc/conf.d/more.yaml": "",
      "/etc/conf.d/more.yaml.d/1": "",
    });
    expect(config.triggers.map((trigger) => trigger.name)).toEqual(["a", "d", "b", "c"]);
  });

  test("a glob that matches nothing is fine", () => {
    const config = load({ "/etc/g.yaml": "name: n\ntrigger-files: ['t/*.yaml']", "/etc/t/readme": "" });
    expect(config.triggers).toEqual([]);
  });

  test.each([
    ["/etc/t.yaml:1:1: cannot read the configuration: there is no such file", "t.yaml", {}],
    ['/etc/g.yaml:2:17: cannot list the files that "t/*.yaml" names: there is no such file', "t/*.yaml", {}],
    [
      '/etc/t.yaml:2:16: unexpected "!", expected an operator',
      "t.yaml",
      { "/etc/t.yaml": "- name: b\n  when: load > ! 5" },
    ],
    [
      '/etc/t.yaml:1:22: unknown key "whne", did you mean "when"?',
      "t.yaml",
      { "/etc/t.yaml": "- {name: b, when: x, whne: y}" },
    ],
    ['/etc/t.yaml:1:5: "when" is missing, expected text', "/etc/t.yaml", { "/etc/t.yaml": "-   name: b" }],
    [
      '/etc/t.yaml:1:1: unknown key "sources" in a trigger file, expected "triggers" only',
      "t.yaml",
      { "/etc/t.yaml": "sources: []" },
    ],
    ['/etc/t.yaml:1:11: expected a list of triggers, found "no"', "t.yaml", { "/etc/t.yaml": "triggers: no" }],
    ["/etc/t.yaml:1:1: expected a list of triggers, found 5", "t.yaml", { "/etc/t.yaml": "5" }],
  ])("%s", (expected, pattern, texts) => {
    const main = `name: n\ntrigger-files: ["${pattern}"]`;
    expect(faultsOf({ "/etc/g.yaml": main, ...texts })).toEqual([expected]);
  });
});

describe("reading", () => {
  test.each([
    ["ENOENT", "cannot read the configuration: there is no such file"],
    ["EACCES", "cannot read the configuration: permission denied"],
    ["EISDIR", "cannot read the configuration: it is a directory, expected a file"],
    ["EIO", "cannot read the configuration: EIO: as asked"],
  ])("%s is told at 1:1", (code, expected) => {
    expect(faultsOf({ "/etc/g.yaml": `!${code}` })[0]).toBe(`/etc/g.yaml:1:1: ${expected}`);
  });

  test("a real file that is missing", () => {
    expect(() => loadConfig("/nowhere/g.yaml", corpusSchema)).toThrow(
      new ConfigError([
        {
          file: "/nowhere/g.yaml",
          line: 1,
          column: 1,
          message: "cannot read the configuration: there is no such file",
        },
      ]),
    );
  });

  test("a real directory in place of the file", () => {
    expect(() => loadConfig("/tmp", corpusSchema)).toThrow(
      "/tmp:1:1: cannot read the configuration: it is a directory",
    );
  });

  test("a file at the size limit loads, one byte more is refused", () => {
    const text = "name: n\n#";
    const full = text + "x".repeat(FILE_BYTES_MAX - text.length);
    expect(load({ "/etc/g.yaml": full }).name).toBe("n");
    expect(faultsOf({ "/etc/g.yaml": `${full}x` })[0]).toContain("larger than 1048576 bytes");
  });

  test("too many files are refused", () => {
    const texts: Record<string, string> = { "/etc/g.yaml": "name: n" };
    for (let i = 0; i < FILES_MAX + 1; i++) texts[`/etc/conf.d/${i}.yaml`] = "";
    expect(faultsOf(texts)[0]).toContain(`more than ${FILES_MAX} files`);
  });

  test("hopeless nesting is one fault, not a stack overflow", () => {
    expect(faultsOf({ "/etc/g.yaml": `name: ${"[".repeat(100_000)}` })[0]).toContain("/etc/g.yaml:1:");
  });

  test("an alias means the anchor last set before it", () => {
    const config = load({
      "/etc/g.yaml": "name: &a n\npeople: [*a, &a m, *a]\nalso: &l [*a]\nreceivers: { x: { to: *l } }",
    });
    expect(config.people).toEqual(["n", "m", "m"]);
    expect(config.receivers["x"]?.to).toEqual(["m"]);
  });

  test("no more faults are told than anyone reads", () => {
    const text = Array.from({ length: 150 }, (_, i) => `key${i}: 1`).join("\n");
    const faults = faultsOf({ "/etc/g.yaml": `name: n\n${text}` });
    expect(faults).toHaveLength(100);
    expect(faults.at(-1)).toContain("(50 more faults not shown)");
  });
});

describe("the result", () => {
  test("is frozen to its leaves", () => {
    const config = load({ "/etc/g.yaml": "name: n\nsources: [{ type: file, path: /x }]" });
    expect(Object.isFrozen(config) && Object.isFrozen(config.sources) && Object.isFrozen(config.sources[0])).toBe(true);
    expect(() => Object.assign(config.sources[0] ?? {}, { path: "/y" })).toThrow(TypeError);
  });

  test("names the files it was made of", () => {
    const files = filesOf({
      "/etc/g.yaml": "name: n\ntrigger-files: [t.yaml]",
      "/etc/t.yaml": "",
      "/etc/conf.d/1.yaml": "",
    });
    expect(loadConfigFiles("/etc/g.yaml", corpusSchema, { files }).files).toEqual([
      "/etc/g.yaml",
      "/etc/conf.d/1.yaml",
      "/etc/t.yaml",
    ]);
  });
});
