import { describe, expect, it } from "vitest";
import { Wake } from "../../collector/wake.js";
import { VirtualClock } from "../support/virtual-clock.js";

/** A wake whose rings are noted by their time since it was made. */
function ringing() {
  const clock = new VirtualClock();
  const madeMs = clock.monotonicMs();
  const rings: number[] = [];
  const wake = new Wake(clock, () => rings.push(clock.monotonicMs() - madeMs));
  return { clock, rings, wake };
}

describe("a wake", () => {
  it("that nobody asked for does not ring", async () => {
    const { clock, rings } = ringing();
    await clock.advance(60_000);
    expect(rings).toEqual([]);
  });

  it.each([
    ["asked for once", [1_000], [1_000]],
    ["asked for twice rings once, at the earlier moment", [1_000, 5_000], [1_000]],
    ["asked for earlier later on", [5_000, 1_000], [1_000]],
    ["asked for never", [Number.POSITIVE_INFINITY], []],
  ])("%s", async (_name, delaysMs, expected) => {
    const { clock, rings, wake } = ringing();
    for (const delayMs of delaysMs) wake.within(delayMs);
    await clock.advance(60_000);
    expect(rings).toEqual(expected);
  });

  it("can be asked for again after it rang, and while it rings", async () => {
    const clock = new VirtualClock();
    let rings = 0;
    const wake: Wake = new Wake(clock, () => {
      rings++;
      if (rings < 3) wake.within(1_000);
    });
    wake.within(1_000);
    await clock.advance(60_000);
    expect(rings).toBe(3);
    wake.within(1_000);
    await clock.advance(1_000);
    expect(rings).toBe(4);
  });

  it("rings no more after the stop, whatever is asked", async () => {
    const { clock, rings, wake } = ringing();
    wake.within(1_000);
    wake.stop();
    wake.stop();
    wake.within(1_000);
    await clock.advance(60_000);
    expect(rings).toEqual([]);
  });
});
