import { expect, test } from "vitest";
import { sleep, systemClock, withDeadline } from "../../../core/base/clock.js";
import { VirtualClock } from "../../support/virtual-clock.js";

test("sleep ends when its time has come, or at once when told to stop", async () => {
  const clock = new VirtualClock();
  const woken: string[] = [];
  const abort = new AbortController();
  void sleep(clock, 1_000).then(() => woken.push("time"));
  void sleep(clock, 1_000_000, abort.signal).then(() => woken.push("abort"));
  await clock.advance(999);
  expect(woken).toEqual([]);
  await clock.advance(1);
  expect(woken).toEqual(["time"]);
  abort.abort();
  await clock.advance(0);
  expect(woken).toEqual(["time", "abort"]);
  expect(clock.pendingTimers).toBe(0);
});

test("a deadline lets a prompt answer through and leaves no timer", async () => {
  const clock = new VirtualClock();
  await expect(withDeadline(clock, Promise.resolve(7), 1_000, () => new Error("late"))).resolves.toBe(7);
  await clock.advance(0);
  expect(clock.pendingTimers).toBe(0);
});

test("a deadline rejects with the given error when nothing comes", async () => {
  const clock = new VirtualClock();
  const outcome = withDeadline(clock, new Promise(() => {}), 1_000, () => new Error("late")).catch(
    (e: Error) => e.message,
  );
  await clock.advance(1_000);
  await expect(outcome).resolves.toBe("late");
});

test("the system clock runs a timer and cancels one", async () => {
  const ran: string[] = [];
  const cancelled = systemClock.setTimer(() => ran.push("cancelled"), 0);
  cancelled.cancel();
  await new Promise<void>((resolve) => systemClock.setTimer(resolve, 0));
  expect(ran).toEqual([]);
  expect(systemClock.nowMs()).toBeGreaterThan(1.7e12);
});
