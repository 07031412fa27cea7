/** Child processes of `grate start`: kept running, and stopped together. */
import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { type Child, READY_MESSAGE, Supervisor } from "../../collector/bin/supervisor.js";
import { silentLogger } from "../../core/base/log.js";
import { VirtualClock } from "../support/virtual-clock.js";

class FakeChild extends EventEmitter implements Child {
  readonly signals: NodeJS.Signals[] = [];
  obedient = true;

  kill(signal: NodeJS.Signals): boolean {
    this.signals.push(signal);
    if (signal === "SIGKILL" || (signal === "SIGTERM" && this.obedient)) this.end(null, signal);
    return true;
  }

  end(code: number | null, signal: NodeJS.Signals | null = null): void {
    setImmediate(() => this.emit("exit", code, signal));
  }

  ready(): void {
    this.emit("message", READY_MESSAGE);
  }
}

function setUp() {
  const clock = new VirtualClock();
  const spawned: Record<"a" | "b", FakeChild[]> = { a: [], b: [] };
  const failed: [string, number][] = [];
  let ready = 0;
  const spec = (name: "a" | "b") => ({
    name,
    spawn: () => {
      const child = new FakeChild();
      spawned[name].push(child);
      return child;
    },
  });
  const supervisor = new Supervisor({
    children: [spec("a"), spec("b")],
    clock,
    logger: silentLogger,
    onReady: () => ready++,
    onFailed: (name, code) => failed.push([name, code]),
  });
  supervisor.start();
  const newest = (name: "a" | "b") => {
    const child = spawned[name].at(-1);
    if (child === undefined) throw new Error(`${name} was not spawned`);
    return child;
  };
  return { clock, spawned, failed, supervisor, newest, readyCount: () => ready };
}

test("the second is started when the first works, and ready is said once, when both do", () => {
  const { newest, spawned, readyCount } = setUp();
  newest("a").emit("message", "something else");
  expect(spawned.b).toEqual([]);
  newest("a").ready();
  newest("a").ready();
  expect([spawned.b.length, readyCount()]).toEqual([1, 0]);
  newest("b").ready();
  newest("b").ready();
  expect(readyCount()).toBe(1);
});

test("who ends before it worked is not started again", async () => {
  const { clock, newest, spawned, failed } = setUp();
  newest("a").ready();
  newest("b").end(78);
  await clock.advance(120_000);
  expect(failed).toEqual([["b", 78]]);
  expect(spawned.b).toHaveLength(1);
});

test("who cannot even be spawned has failed, once", async () => {
  const { clock, newest, failed } = setUp();
  newest("a").ready();
  newest("b").emit("error", new Error("no memory"));
  newest("b").end(1);
  await clock.advance(1);
  expect(failed).toEqual([["b", 1]]);
});

test("who worked is started again, later each time, up to a limit", async () => {
  const { clock, newest, spawned, failed } = setUp();
  newest("a").ready();
  const waitsMs: number[] = [];
  for (let i = 0; i < 7; i++) {
    newest("a").end(1);
    await clock.advance(0);
    const before = clock.monotonicMs();
    const count = spawned.a.length;
    while (spawned.a.length === count) await clock.advance(500);
    waitsMs.push(clock.monotonicMs() - before);
  }
  expect(waitsMs).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect(spawned.b).toHaveLength(1);
  expect(failed).toEqual([]);
});

test("a minute of work makes the next end a first one again", async () => {
  const { clock, newest, spawned } = setUp();
  newest("a").ready();
  for (let i = 0; i < 3; i++) {
    newest("a").end(null, "SIGSEGV");
    await clock.advance(61_000);
  }
  expect(spawned.a).toHaveLength(4);
  newest("a").end(1);
  await clock.advance(1_000);
  expect(spawned.a).toHaveLength(5);
});

test("a stop ends both and starts none again", async () => {
  const { clock, newest, spawned, supervisor, failed } = setUp();
  newest("a").ready();
  newest("b").ready();
  const stopped = supervisor.stop();
  expect(supervisor.stop()).toBe(stopped);
  await clock.advance(0);
  await stopped;
  await clock.advance(120_000);
  expect([newest("a").signals, newest("b").signals]).toEqual([["SIGTERM"], ["SIGTERM"]]);
  expect([spawned.a.length, spawned.b.length, failed.length, clock.pendingTimers]).toEqual([1, 1, 0, 0]);
});

test("the last one is asked to stop first, the one before it when that has ended", async () => {
  const { clock, newest, supervisor } = setUp();
  newest("a").ready();
  newest("b").obedient = false;
  const stopped = supervisor.stop();
  await clock.advance(500);
  expect([newest("a").signals, newest("b").signals]).toEqual([[], ["SIGTERM"]]);
  newest("b").end(0);
  await clock.advance(0);
  expect(newest("a").signals).toEqual(["SIGTERM"]);
  await stopped;
});

test("one that is slow to end keeps the other waiting for a second, no longer", async () => {
  const { clock, newest, supervisor } = setUp();
  newest("a").ready();
  newest("b").obedient = false;
  void supervisor.stop();
  await clock.advance(999);
  expect(newest("a").signals).toEqual([]);
  await clock.advance(1);
  expect(newest("a").signals).toEqual(["SIGTERM"]);
});

test("one that does not stop is killed within five seconds", async () => {
  const { clock, newest, supervisor } = setUp();
  newest("a").ready();
  newest("b").obedient = false;
  const stopped = supervisor.stop();
  await clock.advance(4_000);
  expect(newest("b").signals).toEqual(["SIGTERM"]);
  await clock.advance(1_000);
  await stopped;
  expect(newest("b").signals).toEqual(["SIGTERM", "SIGKILL"]);
});

test("a stop while one waits to be started again", async () => {
  const { clock, newest, spawned, supervisor } = setUp();
  newest("a").ready();
  newest("a").end(1);
  await clock.advance(0);
  const stopped = supervisor.stop();
  await clock.advance(60_000);
  await stopped;
  expect(spawned.a).toHaveLength(1);
});

test("a stop after all have ended does not wait", async () => {
  const { clock, newest, supervisor } = setUp();
  newest("a").end(1);
  await clock.advance(0);
  await supervisor.stop();
  expect(clock.pendingTimers).toBe(0);
});

test("a first one that works during a stop starts no second", async () => {
  const { clock, newest, spawned, supervisor } = setUp();
  const stopped = supervisor.stop();
  newest("a").ready();
  await clock.advance(0);
  await stopped;
  expect(spawned.b).toEqual([]);
});

test("signals go to both", () => {
  const { newest, supervisor } = setUp();
  newest("a").ready();
  supervisor.signal("SIGHUP");
  expect([newest("a").signals, newest("b").signals]).toEqual([["SIGHUP"], ["SIGHUP"]]);
});
