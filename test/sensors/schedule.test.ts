import { describe, expect, it } from "vitest";
import { PeriodicTask, spread, Ticks } from "../../sensors/schedule.js";
import { VirtualClock } from "../support/virtual-clock.js";

describe("spread", () => {
  it("is the same for the same text and spreads texts that hardly differ", () => {
    const fractions = Array.from({ length: 1_000 }, (_, i) => spread(`node${i}`));
    expect(fractions).toEqual(Array.from({ length: 1_000 }, (_, i) => spread(`node${i}`)));
    expect(Math.min(...fractions)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...fractions)).toBeLessThan(1);
    // Evenly spread, each tenth would have 100; the chance of one outside 60..140 is below one in a thousand.
    for (let tenth = 0; tenth < 10; tenth++) {
      const inside = fractions.filter((fraction) => Math.floor(fraction * 10) === tenth).length;
      expect(inside).toBeGreaterThan(60);
      expect(inside).toBeLessThan(140);
    }
  });
});

describe("Ticks", () => {
  it.each(["a", "b", "khab", "khab-live", ""])(
    "of %j: the second run is half to one and a half intervals away",
    (name) => {
      const next = new Ticks(1_000, 10_000, name).next(1_000);
      expect(next).toBeGreaterThanOrEqual(1_000 + 5_000);
      expect(next).toBeLessThan(1_000 + 15_000);
    },
  );

  it("does not drift, whenever it is asked", () => {
    const ticks = new Ticks(0, 10_000, "khab");
    const first = ticks.next(0);
    expect(ticks.next(first + 3)).toBe(first + 10_000);
    expect(ticks.next(first + 10_009)).toBe(first + 20_000);
    expect(ticks.missed).toBe(0);
  });

  it("counts what was overrun and goes on at the next one", () => {
    const ticks = new Ticks(0, 10_000, "khab");
    const first = ticks.next(0);
    expect(ticks.next(first + 35_000)).toBe(first + 40_000);
    expect(ticks.missed).toBe(3);
  });

  it("counts an end exactly at a tick as overrunning it", () => {
    const ticks = new Ticks(0, 10_000, "khab");
    const first = ticks.next(0);
    expect(ticks.next(first + 10_000)).toBe(first + 20_000);
    expect(ticks.missed).toBe(1);
  });
});

describe("PeriodicTask", () => {
  function setUp(run: (signal: AbortSignal) => Promise<void>) {
    const clock = new VirtualClock();
    const errors: unknown[] = [];
    const skipped: number[] = [];
    const task = new PeriodicTask({
      clock,
      everyMs: 10_000,
      name: "khab",
      run,
      onError: (error) => errors.push(error),
      onSkipped: (ticks) => skipped.push(ticks),
    });
    return { clock, task, errors, skipped };
  }

  it("runs at once, then on every tick", async () => {
    const times: number[] = [];
    const { clock, task } = setUp(async () => void times.push(clock.monotonicMs()));
    task.start();
    await clock.advance(60_000);
    await task.stop();
    const first = times[1] as number;
    expect(times[0]).toBe(0);
    expect(times.slice(1)).toEqual(times.slice(1).map((_, i) => first + i * 10_000));
    expect(times.length).toBeGreaterThanOrEqual(6);
    expect(clock.pendingTimers).toBe(0);
  });

  it("goes on after an error and tells it", async () => {
    let runs = 0;
    const { clock, task, errors } = setUp(async () => {
      runs++;
      throw new Error(`run ${runs}`);
    });
    task.start();
    await clock.advance(20_000);
    await task.stop();
    expect(errors.map(String)).toEqual(["Error: run 1", "Error: run 2"].concat(runs > 2 ? ["Error: run 3"] : []));
  });

  it("skips the ticks that a slow run overruns", async () => {
    let runs = 0;
    const { clock, task, skipped } = setUp(() => {
      runs++;
      return new Promise((resolve) => clock.setTimer(resolve, 35_000));
    });
    task.start();
    await clock.advance(34_999);
    expect(runs).toBe(1);
    await clock.advance(10_001);
    expect(runs).toBe(2);
    expect(task.skipped).toBeGreaterThanOrEqual(2);
    expect(skipped).toEqual([task.skipped]);
    const stopped = task.stop();
    await clock.advance(35_000);
    await stopped;
  });

  it("ends the run under way when it is stopped, and swallows what the end throws", async () => {
    const { clock, task, errors } = setUp(
      (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted")))),
    );
    task.start();
    await clock.advance(1);
    await task.stop();
    await task.stop();
    expect(errors).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("can be stopped without having been started", async () => {
    const { task } = setUp(async () => {});
    await expect(task.stop()).resolves.toBeUndefined();
  });
});
