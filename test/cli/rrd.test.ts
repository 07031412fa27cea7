/** `grate rrd` as a process: exit codes, where what is printed, and the pipe. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { COMMANDS } from "../../storage/rrd/commands/list.js";
import { grate } from "./front-door.js";

const directory = mkdtempSync(join(tmpdir(), "grate-rrd-cli-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const FILE = join(directory, "x.rrd");
const FRONT_DOOR = resolve(import.meta.dirname, "../../dist/grate.js");
const pipe = (input: string) =>
  spawnSync(process.execPath, [FRONT_DOOR, "rrd", "-"], { input, cwd: directory, encoding: "utf8" });

describe("grate rrd", () => {
  test("creates, updates, tunes and tells, with options that grate has too", () => {
    const steps = [
      ["create", FILE, "--start", "1000000000", "--step", "15", "DS:a:GAUGE:120:U:U", "RRA:AVERAGE:0.5:1:5"],
      ["update", FILE, "-t", "a", "1000000015:1.5"],
      ["update", "--", FILE, "1000000030:2.5"],
      ["tune", FILE, "-h", "a:77"],
    ];
    for (const words of steps) expect(grate(["rrd", ...words])).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(grate(["rrd", "last", FILE]).stdout).toBe("1000000030\n");
    expect(grate(["rrd", "info", FILE]).stdout).toContain("ds[a].minimal_heartbeat = 77\n");
  });

  const commands = [...COMMANDS.keys(), "-"];
  test.each(commands)("%s: the examples of its help do what they say", (name) => {
    const help = grate(["rrd", name, "--help"]).stdout;
    const examples = [...help.matchAll(/^ {2}grate rrd (.*)$/gm)].map(([, words]) => words as string);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const sources = "--start 1600000000 --step 15 DS:sum:GAUGE:120:U:U";
      const archives = "RRA:AVERAGE:0.5:1:5856 RRA:AVERAGE:0.5:4:10 RRA:AVERAGE:0.5:40:10";
      pipe(["load", "bytes"].map((file) => `create ${file}.rrd ${sources} ${archives}\n`).join(""));
      writeFileSync(join(directory, "commands.txt"), "last load.rrd\n");
      const [, input] = example.split(" < ");
      const ended = spawnSync(process.execPath, [FRONT_DOOR, "rrd", ...example.replace(/ <.*/, "").split(" ")], {
        cwd: directory,
        encoding: "utf8",
        input: input === undefined ? "" : readFileSync(join(directory, input)),
      });
      expect([example, ended.status, ended.stderr]).toEqual([example, 0, ""]);
    }
  });

  test.each<[name: string, words: string[], code: number, stdout: RegExp, stderr: RegExp]>([
    ["no command", [], 2, /^$/, /^Usage: grate rrd/],
    ["--help", ["--help"], 0, /^Usage: grate rrd/, /^$/],
    [
      "--help of a command",
      ["update", "--help"],
      0,
      /^Usage: grate rrd update FILE [\s\S]*Examples:\n {2}grate rrd update /,
      /^$/,
    ],
    ["help of a command", ["help", "tune"], 0, /^Usage: grate rrd tune FILE /, /^$/],
    ["--help of the pipe", ["-", "--help"], 0, /^Usage: grate rrd -\n/, /^$/],
    ["an unknown command", ["graph"], 2, /^$/, /^grate: unknown command 'rrd graph', expected one of create, update, /],
    [
      "a file that is not there",
      ["info", "/nonexistent"],
      1,
      /^$/,
      /^ERROR: opening '\/nonexistent': No such file or directory\n$/,
    ],
    ["a time that is not there", ["last", "/nonexistent"], 1, /^-1\n$/, /^ERROR: opening/],
    ["help of a takeover", ["takeover", "--help"], 0, /^Usage: grate rrd takeover DIR[\s\S]*--rrdcached/, /^$/],
    ["a takeover of nothing", ["takeover"], 2, /^$/, /^grate: rrd takeover: expected one directory\n$/],
    [
      "a takeover with a bad wait",
      ["takeover", "/", "--wait", "x"],
      2,
      /^$/,
      /^grate: rrd takeover: --wait 'x', expected/,
    ],
    [
      "a takeover with an unknown option",
      ["takeover", "/", "--force"],
      2,
      /^$/,
      /^grate: rrd takeover: Unknown option/,
    ],
    [
      "a takeover of a directory that is not there",
      ["takeover", "/nonexistent"],
      1,
      /^$/,
      /^grate: looking at '\/nonexistent': ENOENT/,
    ],
    ["an unknown option", ["fetch", FILE, "AVERAGE", "-q"], 1, /^$/, /^ERROR: invalid option -- 'q'\n$/],
  ])("%s", (_, words, code, stdout, stderr) => {
    const ended = grate(["rrd", ...words]);
    expect(ended.code).toBe(code);
    expect(ended.stdout).toMatch(stdout);
    expect(ended.stderr).toMatch(stderr);
  });

  test("the pipe answers each line and ends at quit", () => {
    const { stdout, status } = pipe(
      [
        "create y.rrd --start 1000000000 --step 15 DS:a:GAUGE:120:U:U RRA:AVERAGE:0.5:1:5",
        "update y.rrd 1000000015:1",
        "update y.rrd 1000000015:1",
        "pwd",
        "last y.rrd",
        "quit",
        "update y.rrd 1000000030:1",
      ].join("\n"),
    );
    const ok = /OK u:\d+\.\d\d s:\d+\.\d\d r:\d+\.\d\d/g;
    expect(stdout.replaceAll(ok, "OK").split("\n")).toEqual([
      "OK",
      "OK",
      "ERROR: y.rrd: illegal attempt to update using time 1000000015 when last update time is 1000000015 (minimum one second step)",
      directory,
      "OK",
      "1000000015",
      "OK",
      "",
    ]);
    expect(status).toBe(0);
    expect(pipe("last y.rrd").stdout).toMatch(/^1000000015\nOK /);
  });

  test("the pipe answers each line before the next one comes, as who holds it open expects", async () => {
    const child = spawn(process.execPath, [FRONT_DOOR, "rrd", "-"], {
      cwd: directory,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    const answers: string[] = [];
    let text = "";
    child.stdout.setEncoding("utf8");
    for (const line of ["last y.rrd", "update y.rrd 1000000060:4", "last y.rrd", "last nosuch.rrd", "info y.rrd"]) {
      child.stdin.write(`${line}\n`);
      while (!/^(OK|ERROR).*\n$/m.test(text)) text += (await once(child.stdout, "data"))[0];
      answers.push(text.split("\n")[0] as string);
      text = "";
    }
    child.stdin.end();
    expect((await ended)[0]).toBe(0);
    expect(answers).toEqual([
      "1000000015",
      expect.stringMatching(/^OK /),
      "1000000060",
      expect.stringMatching(/^(ERROR|-1)/),
      'filename = "y.rrd"',
    ]);
  });

  test("an endless line is refused, and the next one is answered", () => {
    const { stdout } = pipe(`update y.rrd ${"1".repeat(3_000_000)}\nlast y.rrd\n`);
    expect(stdout).toMatch(/^ERROR: the line has more than 1048576 characters\n1000000060\nOK /);
  });
});
