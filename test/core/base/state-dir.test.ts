import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GrateError } from "../../../core/base/errors.js";
import {
  type LockOptions,
  linuxProcesses,
  lockStateDir,
  makeStateDir,
  type ProcessTable,
  parseStartTicks,
  stateDirPath,
} from "../../../core/base/state-dir.js";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "grate-state-"));
});
afterEach(() => {
  chmodSync(directory, 0o700);
  rmSync(directory, { recursive: true });
});

test.each([
  ["/opt/s", { STATE_DIRECTORY: "/var/lib/grate", XDG_STATE_HOME: "/x" }, "/opt/s"],
  [undefined, { STATE_DIRECTORY: "/var/lib/grate", XDG_STATE_HOME: "/x" }, "/var/lib/grate"],
  [undefined, { STATE_DIRECTORY: "/var/lib/grate:/var/lib/other" }, "/var/lib/grate"],
  [undefined, { STATE_DIRECTORY: "", XDG_STATE_HOME: "/x" }, "/x/grate"],
  [undefined, { XDG_STATE_HOME: "relative" }, "/home/me/.local/state/grate"],
  ["", {}, "/home/me/.local/state/grate"],
  ["relative", {}, join(process.cwd(), "relative")],
])("state directory with option %j and environment %j is %s", (option, env, expected) => {
  expect(stateDirPath(option, env, "/home/me")).toBe(expected);
});

describe("making it", () => {
  test("is for its owner alone, whatever the umask", () => {
    const path = join(directory, "a", "b", "state");
    const before = process.umask(0o277);
    try {
      // The directories above go through the umask like anyone's.
      process.umask(0o022);
      mkdirSync(join(directory, "a", "b"), { recursive: true });
      process.umask(0o277);
      makeStateDir(path);
    } finally {
      process.umask(before);
    }
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  test("makes what lies above, and leaves an existing one as it is", () => {
    const path = join(directory, "a", "state");
    makeStateDir(path);
    chmodSync(path, 0o750);
    makeStateDir(path);
    expect(statSync(path).mode & 0o777).toBe(0o750);
  });

  test.each([
    ["file", "cannot use the state directory PATH: it is not a directory"],
    ["file/below", "cannot use the state directory PATH: a part of the path is not a directory"],
    ["dangling", "cannot use the state directory PATH: there is no such directory"],
  ])("%s is refused in one line", (name, expected) => {
    const path = join(directory, name);
    writeFileSync(join(directory, "file"), "");
    if (name === "dangling") symlinkSync("nowhere", path);
    const error = thrownBy(() => makeStateDir(path));
    expect(error).toBeInstanceOf(GrateError);
    expect((error as Error).message).toContain(expected.replace("PATH", path));
    expect((error as Error).message).not.toContain("\n");
  });

  // Root may write anywhere, except where nobody may.
  test("a file system that takes nothing is refused in one line", () => {
    const error = thrownBy(() => makeStateDir("/proc/grate-state"));
    expect(error).toBeInstanceOf(GrateError);
    expect((error as Error).message).toMatch(/^cannot make the state directory \/proc\/grate-state: /);
  });
});

/** A machine with the given processes: pid to start ticks. */
function machine(processes: Readonly<Record<number, number>>, bootId = "boot-1"): ProcessTable {
  return { bootId: () => bootId, startTicks: (pid) => processes[pid] };
}

function lock(options: Partial<LockOptions> & { pid: number }) {
  return lockStateDir(directory, { command: `grate ${options.pid}`, nowMs: 1_700_000_000_000, ...options });
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("the lock", () => {
  test("a second process is refused, and told who holds it", () => {
    const processes = machine({ 10: 100, 11: 110 });
    lock({ pid: 10, processes });
    const error = thrownBy(() => lock({ pid: 11, processes }));
    expect(error).toBeInstanceOf(GrateError);
    expect((error as Error).message).toBe(
      `the state directory ${directory} is in use by process 10 (grate 10), since 2023-11-14T22:13:20.000Z; ` +
        "stop it, or choose another with --state",
    );
  });

  test("after a release the next one gets it", () => {
    const processes = machine({ 10: 100, 11: 110 });
    const first = lock({ pid: 10, processes });
    first.release();
    const second = lock({ pid: 11, processes });
    first.release();
    expect(thrownBy(() => lock({ pid: 10, processes }))).toBeInstanceOf(GrateError);
    second.release();
    lock({ pid: 10, processes });
  });

  test.each([
    ["a dead process", machine({ 11: 110 })],
    ["a pid that now belongs to another process", machine({ 10: 999, 11: 110 })],
    ["a process of before the reboot", machine({ 10: 100, 11: 110 }, "boot-2")],
  ])("is taken over from %s", (_, later) => {
    lock({ pid: 10, processes: machine({ 10: 100, 11: 110 }) });
    lock({ pid: 11, processes: later });
    expect((thrownBy(() => lock({ pid: 11, processes: later })) as Error).message).toContain("process 11 (grate 11)");
  });

  test("stays with a process whose start cannot be read", () => {
    lock({ pid: 10, processes: machine({ 10: 0, 11: 110 }) });
    expect(thrownBy(() => lock({ pid: 11, processes: machine({ 10: 100, 11: 110 }) }))).toBeInstanceOf(GrateError);
    expect(thrownBy(() => lock({ pid: 11, processes: machine({ 10: 0, 11: 110 }) }))).toBeInstanceOf(GrateError);
  });

  test.each([
    ["", "junk"],
    ["", ""],
    ["", "{}"],
    ["", "null"],
    ["", '{"pid":"10"}'],
  ])("%sa lock file that holds %j is taken over", (_, content) => {
    writeFileSync(join(directory, "lock.7"), content);
    lock({ pid: 10, processes: machine({ 10: 100 }) });
    expect(readdirSync(directory)).toEqual(["lock.8"]);
  });

  test("drafts that dead processes left are deleted; those of living ones, of other locks and other files stay", () => {
    const left = [
      "lock-draft.7",
      "lock-draft.11",
      "start-lock-draft.7",
      "lock-draft.",
      "lock-draft.07",
      "lock-draft.7x",
    ];
    for (const name of left) writeFileSync(join(directory, name), "");
    lock({ pid: 10, processes: machine({ 10: 100, 11: 110 }) });
    expect(readdirSync(directory).sort()).toEqual(["lock.1", ...left.slice(1)].sort());
  });

  test("who is refused deletes them too", () => {
    const processes = machine({ 10: 100, 11: 110 });
    lock({ pid: 10, processes });
    writeFileSync(join(directory, "lock-draft.7"), "");
    expect(thrownBy(() => lock({ pid: 11, processes }))).toBeInstanceOf(GrateError);
    expect(readdirSync(directory)).toEqual(["lock.1"]);
  });

  test("a release that cannot be written leaves no draft behind", () => {
    const held = lock({ pid: 10, processes: machine({ 10: 100 }) });
    // In the way of the rename, as a full disk would be in the way of the draft.
    rmSync(join(directory, "lock.1"));
    mkdirSync(join(directory, "lock.1"));
    held.release();
    expect(readdirSync(directory)).toEqual(["lock.1"]);
  });

  test("locks of different names do not meet", () => {
    const processes = machine({ 10: 100, 11: 110 });
    lock({ pid: 10, processes });
    lock({ pid: 11, processes, name: "start-lock" });
    expect(readdirSync(directory).sort()).toEqual(["lock.1", "start-lock.1"]);
  });

  test("leaves one file behind, however often it changes hands", () => {
    const processes = machine({ 10: 100 });
    for (let i = 0; i < 5; i++) lock({ pid: 10, processes }).release();
    expect(readdirSync(directory)).toEqual(["lock.5"]);
  });

  /**
   * Two find the same dead holder. One is held up between looking and taking; in
   * the meantime the other takes over, and later ones come and go.
   */
  test.each([1, 2, 3])("one held up while %i others took over does not get it too", (others) => {
    lock({ pid: 10, processes: machine({ 10: 100 }) });
    const alive = { 20: 200, 21: 210, 22: 220, 23: 230 };
    let interrupted = false;
    const slow: ProcessTable = {
      bootId: () => "boot-1",
      startTicks(pid) {
        if (pid === 10 && !interrupted) {
          interrupted = true;
          for (let i = 1; i <= others; i++) {
            const held = lock({ pid: 20 + i, processes: machine(alive) });
            if (i < others) held.release();
          }
        }
        return (alive as Record<number, number>)[pid];
      },
    };
    const error = thrownBy(() => lock({ pid: 20, processes: slow }));
    expect((error as Error).message).toContain(`process ${20 + others} `);
    expect(readdirSync(directory)).toEqual([`lock.${1 + others}`]);
  });

  test("a directory that is gone is one line", () => {
    const path = join(directory, "gone");
    const error = thrownBy(() => lockStateDir(path, { command: "grate", nowMs: 0 }));
    expect(error).toBeInstanceOf(GrateError);
    expect((error as Error).message).toContain(`cannot write a lock into the state directory ${path}: `);
    expect(existsSync(path)).toBe(false);
  });
});

describe("the process table", () => {
  test.each([
    [`1234 (node) S 1 ${"0 ".repeat(17)}4711 0`, 4711],
    [`1234 (a b) c) S 1 ${"0 ".repeat(17)}4711 0`, 4711],
    [`1234 (node) Z 1 ${"0 ".repeat(17)}4711 0`, undefined],
    ["1234 (node) S", 0],
    ["", 0],
  ])("start ticks of %j are %j", (stat, expected) => {
    expect(parseStartTicks(stat)).toBe(expected);
  });

  test("knows this process and not one beyond the largest pid", () => {
    expect(linuxProcesses.startTicks(process.pid)).toBeGreaterThan(0);
    expect(linuxProcesses.startTicks(2 ** 22 + 1)).toBeUndefined();
  });
});
