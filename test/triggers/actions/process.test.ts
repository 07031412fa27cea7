/** Real programs. The shell is the program that is run here, never the way to run one. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { sleep, systemClock } from "../../../core/base/clock.js";
import { OUTPUT_BYTES_MAX, OutputHead } from "../../../triggers/actions/output.js";
import { processRunner, type RunProcess } from "../../../triggers/actions/process.js";
import { Harness, TestPrograms } from "../support/harness.js";

const run = processRunner(systemClock);
const folder = mkdtempSync(join(tmpdir(), "grate-process-"));
afterAll(() => rmSync(folder, { recursive: true }));

const sh = (script: string, { timeoutMs = 10_000, env = {} } = {}) =>
  run({ argv: ["/bin/sh", "-c", script], env, timeoutMs });

describe("a program", () => {
  test("that ends well", async () => {
    expect(await run({ argv: ["/bin/echo", "node1", "$HOME;`id`"], env: {}, timeoutMs: 10_000 }).result).toEqual({
      exitCode: 0,
      signal: undefined,
      error: "",
      timedOut: false,
      stopped: false,
      durationMs: expect.any(Number),
      stdout: "node1 $HOME;`id`\n",
      stderr: "",
    });
  });

  test.each<[string, string, object]>([
    ["exit code and both outputs", "echo out; echo err >&2; exit 3", { exitCode: 3, stdout: "out\n", stderr: "err\n" }],
    ["a signal", "kill -SEGV $$", { exitCode: undefined, signal: "SIGSEGV" }],
    ["it runs in /", "pwd", { stdout: "/\n" }],
    ["nothing to read", "cat; echo end", { stdout: "end\n" }],
    ["no control characters", "printf 'a\\033[2J\\000b\\r\\nc'", { stdout: "a?[2J?b\nc" }],
  ])("%s", async (_what, script, expected) => {
    expect(await sh(script).result).toMatchObject(expected);
  });

  test("sees only the environment it is given", async () => {
    const { stdout } = await run({ argv: ["/usr/bin/env"], env: { A: "1", PATH: "/bin" }, timeoutMs: 10_000 }).result;
    expect(stdout.trim().split("\n").sort()).toEqual(["A=1", "PATH=/bin"]);
  });

  test("is found in the PATH it is given", async () => {
    const { stdout } = await run({ argv: ["echo", "x"], env: { PATH: "/bin:/usr/bin" }, timeoutMs: 10_000 }).result;
    expect(stdout).toBe("x\n");
  });

  test.each<[string, string[], string]>([
    ["that does not exist", ["/nowhere/program"], "ENOENT"],
    ["that may not be run", ["/etc/passwd"], "EACCES"],
    ["with arguments that no system takes", ["/bin/true", "x".repeat(3_000_000)], "E2BIG"],
  ])("%s", async (_what, argv, code) => {
    const result = await run({ argv, env: {}, timeoutMs: 10_000 }).result;
    expect(result).toMatchObject({ exitCode: undefined, signal: undefined, error: expect.stringContaining(code) });
  });

  test("that floods us with output is drained; the beginning is kept", async () => {
    const { stdout, exitCode } = await sh("head -c 5000000 /dev/zero | tr '\\0' x").result;
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`${"x".repeat(OUTPUT_BYTES_MAX)}\n(4995904 more bytes)`);
  });

  test("that leaves a daemon behind is not waited for", async () => {
    const result = await sh("(sleep 20; echo late) & echo started").result;
    expect(result).toMatchObject({ exitCode: 0, stdout: "started\n" });
  });
});

describe("the time limit", () => {
  const isAlive = (pid: number) => {
    try {
      return readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[2] !== "Z";
    } catch {
      return false;
    }
  };

  test("ends a program and its children", async () => {
    const file = join(folder, "child");
    const result = await sh(`sleep 60 & echo $! > ${file}; wait`, { timeoutMs: 1_500 }).result;
    expect(result).toMatchObject({ timedOut: true, stopped: false, signal: "SIGTERM", exitCode: undefined });
    const child = Number(readFileSync(file, "utf8"));
    expect(child).toBeGreaterThan(1);
    expect(isAlive(child)).toBe(false);
  });

  test("ends what does not want to end", async () => {
    const file = join(folder, "deaf");
    const process = sh(`trap '' TERM; echo deaf; touch ${file}; while :; do sleep 0.05; done`);
    while (!existsSync(file)) await sleep(systemClock, 10);
    process.terminate(100);
    expect(await process.result).toMatchObject({ stopped: true, timedOut: false, signal: "SIGKILL", stdout: "deaf\n" });
  });

  test("gives a program time to clean up", async () => {
    const file = join(folder, "cleaned");
    const result = await sh(`trap 'echo bye; touch ${file}; exit 7' TERM; while :; do sleep 0.05; done`, {
      timeoutMs: 300,
    }).result;
    expect(result).toMatchObject({ timedOut: true, exitCode: 7, stdout: "bye\n" });
    expect(existsSync(file)).toBe(true);
  });
});

test("from a frame to a program", async () => {
  const programs = new TestPrograms();
  const started: Promise<unknown>[] = [];
  const real: RunProcess = (order) => {
    const process = run(order);
    started.push(process.result);
    return process;
  };
  const h = await Harness.started({
    programs: Object.assign(programs, { run: real }),
    triggers: [{ name: "hot", when: "x > 70", run: ["note"] }],
    commands: { note: { run: ["/bin/sh", "-c", 'echo "$1: $GRATE_VALUE in $GRATE_CLUSTER"', "-", "{{host}}"] } },
  });
  await h.frame(0, { node1: 90, "$(reboot)": 90 });
  await Promise.all(started);
  await h.clock.advance(0);
  expect(started.length).toBe(1);
  expect(h.event("command-finished").details).toMatchObject({ exitCode: "0", stdout: "node1: x = 90 in khab\n" });
  expect(h.event("command-refused").host).toBe("$(reboot)");
});

test("the head of an output ends at a byte, and says how much more there was", () => {
  const output = new OutputHead();
  output.push(Buffer.from("a".repeat(OUTPUT_BYTES_MAX - 1)));
  expect(output.text()).toBe("a".repeat(OUTPUT_BYTES_MAX - 1));
  output.push(Buffer.from("ü"));
  output.push(Buffer.from("more"));
  expect(output.text()).toBe(`${"a".repeat(OUTPUT_BYTES_MAX - 1)}\ufffd\n(5 more bytes)`);
});
