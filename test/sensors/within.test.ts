import { describe, expect, it } from "vitest";
import { within } from "../../sensors/within.js";
import { VirtualClock } from "../support/virtual-clock.js";

const never = new Promise<never>(() => {});
const late = () => new Error("late");

describe("within", () => {
  it("gives the result", async () => {
    const clock = new VirtualClock();
    expect(await within(clock, Promise.resolve(7), 100, new AbortController().signal, late)).toBe(7);
    expect(clock.pendingTimers).toBe(0);
  });

  it("gives the error", async () => {
    const clock = new VirtualClock();
    const broken = Promise.reject(new Error("broken"));
    await expect(within(clock, broken, 100, new AbortController().signal, late)).rejects.toThrow("broken");
    expect(clock.pendingTimers).toBe(0);
  });

  it("ends at the deadline", async () => {
    const clock = new VirtualClock();
    const ended = expect(within(clock, never, 100, new AbortController().signal, late)).rejects.toThrow("late");
    await clock.advance(100);
    await ended;
  });

  it("ends when everything is stopped", async () => {
    const clock = new VirtualClock();
    const abort = new AbortController();
    const ended = expect(within(clock, never, 100, abort.signal, late)).rejects.toThrow("Stopped");
    abort.abort();
    await ended;
    expect(clock.pendingTimers).toBe(0);
  });

  it("does not begin when everything was stopped before", async () => {
    const clock = new VirtualClock();
    await expect(within(clock, never, 100, AbortSignal.abort(), late)).rejects.toThrow("Stopped");
    expect(clock.pendingTimers).toBe(0);
  });
});
