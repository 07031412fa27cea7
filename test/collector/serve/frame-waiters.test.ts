import { expect, test } from "vitest";
import { FrameWaiters, WAITERS_MAX } from "../../../collector/serve/frame-waiters.js";
import type { Present } from "../../../collector/serve/ports.js";
import type { ClusterView } from "../../../core/model/columns.js";
import { VirtualClock } from "../../support/virtual-clock.js";

function made() {
  const clock = new VirtualClock();
  const listeners: ((view: ClusterView) => void)[] = [];
  const present = { onFrame: (listener) => void listeners.push(listener) } as Partial<Present> as Present;
  const waiters = new FrameWaiters(present, clock);
  const frame = (name: string) => {
    for (const tell of listeners) tell({ directory: { name } } as ClusterView);
  };
  const answered: string[] = [];
  const wait = (name: string, cluster?: string, signal = new AbortController().signal) =>
    void waiters.wait(cluster, 10_000, signal).then(() => answered.push(name));
  return { clock, waiters, frame, wait, answered };
}

test("a frame answers those who wait for its cluster or for any", async () => {
  const { clock, waiters, frame, wait, answered } = made();
  wait("any");
  wait("a", "a");
  wait("b", "b");
  frame("a");
  await clock.advance(0);
  expect(answered).toEqual(["any", "a"]);
  expect(waiters.count).toBe(1);
});

test("who has waited long enough is answered without a frame", async () => {
  const { clock, wait, answered } = made();
  wait("patient");
  await clock.advance(9_999);
  expect(answered).toEqual([]);
  await clock.advance(1);
  expect(answered).toEqual(["patient"]);
  expect(clock.pendingTimers).toBe(0);
});

test("who hangs up does not wait any longer", async () => {
  const { clock, waiters, wait, answered } = made();
  const hangUp = new AbortController();
  wait("gone", undefined, hangUp.signal);
  hangUp.abort();
  await clock.advance(0);
  expect(answered).toEqual(["gone"]);
  expect([waiters.count, clock.pendingTimers]).toEqual([0, 0]);
});

test("one too many is answered at once, so that places are left for those who ask", async () => {
  const { clock, waiters, frame, wait, answered } = made();
  for (let i = 0; i < WAITERS_MAX; i++) wait(`${i}`);
  wait("one too many");
  await clock.advance(0);
  expect(answered).toEqual(["one too many"]);
  expect(waiters.count).toBe(WAITERS_MAX);
  frame("a");
  wait("later");
  expect(waiters.count).toBe(1);
});
