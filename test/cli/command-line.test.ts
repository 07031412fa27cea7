/** The real program, built: what it says to a wrong command line, a bad file, a reader that has gone. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { grate } from "./front-door.js";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "grate-cli-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const COMMANDS = ["start", "collector", "viewer", "sensor", "check", "hosts", "alerts", "status"] as const;

describe("help", () => {
  test("names every command and ends with 0", () => {
    const { code, stdout, stderr } = grate(["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} `, "m"));
  });

  test.each(COMMANDS)("of %s has examples", (command) => {
    const { code, stdout, stderr } = grate([command, "--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(new RegExp(`^Examples:\\n  grate ${command}`, "m"));
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });

  test("the version is the package's", () => {
    const version = process.env["npm_package_version"] ?? /^\d+\.\d+\.\d+/;
    expect(grate(["--version"]).stdout.trim()).toMatch(version);
  });
});

describe("a wrong command line ends with 2 and one line", () => {
  test.each<[string[], string]>([
    [["bogus"], "grate: unknown command 'bogus'"],
    [["collecter"], "grate: unknown command 'collecter' (Did you mean collector?)"],
    [["--bogus"], "grate: unknown option '--bogus'"],
    [["hosts", "--bogus"], "grate: unknown option '--bogus'"],
    [["hosts", "--jsn"], "grate: unknown option '--jsn' (Did you mean --json?)"],
    [["hosts", "extra"], "grate: too many arguments for 'hosts'. Expected 0 arguments but got 1."],
    [["collector"], "grate: required option '-c, --config <file>' not specified"],
    [["viewer"], "grate: required option '-c, --config <file>' not specified"],
    [["check"], "grate: check: no file is named, expected grate check FILE"],
    [["hosts", "-c"], "grate: option '-c, --config <file>' argument missing"],
    [
      ["hosts", "--query", "8662"],
      "grate: option '--query <address>' argument '8662' is invalid. " +
        'Expected an address such as "10.0.0.1:8649", "node1:8649" or "[::1]:8649".',
    ],
    [
      ["alerts", "--events", "many"],
      "grate: option '--events <count>' argument 'many' is invalid. Expected a number up to 1000.",
    ],
    [
      ["hosts", "-c", "x", "--query", "h:1"],
      "grate: option '-c, --config <file>' cannot be used with option '--query <address>'",
    ],
  ])("%j", (args, expected) => {
    expect(grate(args)).toEqual({ code: 2, stdout: "", stderr: `${expected}\n` });
  });

  test("no command at all prints the help, to stderr", () => {
    const { code, stdout, stderr } = grate([]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^Usage: grate /);
  });
});

/** What stands in the file, and what is said of it behind its name. */
const BAD: readonly (readonly [name: string, text: string, faults: readonly string[]])[] = [
  ["unknown key", "window: 1h\nwindos: 2h\n", ['2:1: unknown key "windos", did you mean "window"?']],
  [
    "unknown key of a source",
    "sources:\n  - { name: a, type: ganglia-xml, address: 'h:1', evry: 15s }\n",
    ['2:51: unknown key "evry", did you mean "every"?'],
  ],
  ["wrong type", "limits: { hosts: many }\n", ['1:18: expected a number, found "many"']],
  [
    "bad duration",
    "window: 1 hour\n",
    ['1:9: "1 hour" is not a duration, expected a duration such as "15s", "10m" or "1h30m"'],
  ],
  ["duration out of range", "window: 1s\n", ["1:9: 1s is out of range"]],
  [
    "unknown type of source",
    "sources:\n  - { name: a, type: gmond }\n",
    ["2:22: expected a source with type: ganglia-xml, ganglia-udp, ganglia-files or sensor"],
  ],
  [
    "missing address",
    "sources:\n  - { name: a, type: ganglia-xml }\n",
    ['2:5: "address" is missing, expected an address such as'],
  ],
  [
    "bad expression",
    "triggers:\n  - name: hot\n    when: cpu_temp = 70\n",
    ['3:20: expected "==" for a comparison, found "="'],
  ],
  [
    "bad expression in quotes and over lines",
    'triggers:\n  - name: hot\n    when: "cpu_temp > 70 and\n      load_one && 1"\n',
    ['4:16: expected "and", found "&&"'],
  ],
  [
    "a receiver that is not there",
    "triggers:\n  - { name: hot, when: a > 1, notify: [nobody] }\n",
    ["2:40: there is no receiver called nobody"],
  ],
  ["not YAML", "sources: [\n", ["2:1: bad YAML: "]],
  [
    "several at once",
    "a: 1\nwindow: x\nb: 2\n",
    ['1:1: unknown key "a"', '2:9: "x" is not a duration', '3:1: unknown key "b"'],
  ],
];

describe("a bad configuration ends with 78 and every fault with its place", () => {
  test.each(BAD)("%s", (_, text, faults) => {
    const file = join(directory, "bad.yaml");
    writeFileSync(file, text);
    const { code, stdout, stderr } = grate(["check", file]);
    expect([code, stdout]).toEqual([78, ""]);
    const lines = stderr.trimEnd().split("\n");
    expect(lines).toHaveLength(faults.length);
    for (const [i, fault] of faults.entries()) expect(lines[i]).toContain(`${file}:${fault}`);
  });

  test.each([
    ["check", []],
    ["collector", ["-c"]],
    ["viewer", ["-c"]],
    ["start", ["-c"]],
    ["sensor", ["-c"]],
    ["hosts", ["-c"]],
    ["alerts", ["-c"]],
    ["status", ["-c"]],
  ])("%s with a file that is missing", (command, flags) => {
    const file = join(directory, "missing.yaml");
    const { code, stdout, stderr } = grate([command, ...flags, file], { XDG_STATE_HOME: directory });
    expect([code, stdout]).toEqual([78, ""]);
    expect(stderr).toBe(`${file}:1:1: cannot read the configuration: there is no such file\n`);
  });

  test("a sensor of a file that has none", () => {
    const file = join(directory, "none.yaml");
    writeFileSync(file, "window: 1h\n");
    const { code, stderr } = grate(["sensor", "-c", file, "--once"]);
    expect([code, stderr.startsWith(`${file}:1:1: no source of type sensor`)]).toEqual([78, true]);
  });
});

describe("check", () => {
  test("says what a good file holds", () => {
    expect(grate(["check", "deploy/grate.yaml"])).toMatchObject({
      code: 0,
      stderr: "",
      stdout: expect.stringMatching(/^deploy\/grate\.yaml: good: 1 source, \d+ triggers, 0 receivers, 0 commands\n$/),
    });
  });

  test("prints the configuration in force, which is a good configuration", () => {
    const { code, stdout } = grate(["check", "--print", "deploy/grate.yaml"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^window-memory: /m);
    const file = join(directory, "printed.yaml");
    writeFileSync(file, stdout);
    expect(grate(["check", "--print", file])).toEqual({ code: 0, stdout, stderr: "" });
  });

  test("prints a JSON schema of every section", () => {
    const { code, stdout } = grate(["check", "--json-schema"]);
    expect(code).toBe(0);
    const schema = JSON.parse(stdout);
    expect(schema.additionalProperties).toBe(false);
    for (const key of ["sources", "window", "storage", "serve", "receivers", "commands", "triggers", "viewer"]) {
      expect(schema.properties).toHaveProperty(key);
    }
  });
});

describe("a collector that is not there", () => {
  test.each([["hosts"], ["alerts"], ["status"]])("%s says so in one line and ends with 1", (command) => {
    // Port 1 is tcpmux, which nobody has run for decades.
    const args = [command, "--query", "127.0.0.1:1", "--control", "127.0.0.1:1"];
    const { code, stdout, stderr } = grate(args, { XDG_STATE_HOME: directory });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^grate: cannot reach the collector at 127\.0\.0\.1:1: connection refused, .* -c FILE or --query .*\n$/,
    );
  });
});

test("a reader that goes away early is no error", () => {
  const script = 'set -o pipefail; "$0" "$1" check --json-schema | true';
  const result = spawnSync("bash", ["-c", script, process.execPath, "dist/grate.js"], { encoding: "utf8" });
  expect([result.status, result.stderr]).toEqual([0, ""]);
});

test("output that cannot be written is told in one line", () => {
  const script = '"$0" "$1" check --json-schema > /dev/full';
  const result = spawnSync("bash", ["-c", script, process.execPath, "dist/grate.js"], { encoding: "utf8" });
  expect(result.status).toBe(1);
  expect(result.stderr).toMatch(/^grate: cannot write the output: ENOSPC: .*\n$/);
});

test("one reading of this machine, as a table and as JSON", () => {
  const table = grate(["sensor", "--once"]);
  expect([table.code, table.stderr]).toEqual([0, ""]);
  expect(table.stdout).toMatch(/^GROUP +METRIC +VALUE +UNITS$/m);
  const { metrics } = JSON.parse(grate(["sensor", "--json"]).stdout);
  const names = metrics.map((metric: { name: string }) => metric.name);
  expect(names).toEqual(expect.arrayContaining(["load_one", "cpu_idle", "mem_free"]));
});
