import { expect, test } from "vitest";
import type { AlertEvent } from "../../../core/model/alert.js";
import { EVENT_CHARACTERS_MAX, EVENTS_MAX, EventRing } from "../../../triggers/engine/event-ring.js";

const event = (sequence: number, output = ""): AlertEvent => ({
  sequence,
  timeMs: 0,
  kind: "fired",
  trigger: "t",
  cluster: "c",
  host: "h",
  severity: "info",
  episode: "e",
  message: "",
  details: { output },
});
const sequences = (events: AlertEvent[]) => events.map(({ sequence }) => sequence);

test("newest first, before a sequence, after a sequence", () => {
  const ring = new EventRing();
  expect(ring.newest(5)).toEqual([]);
  // Sequences may have holes.
  for (const sequence of [1, 2, 4, 5, 9]) ring.push(event(sequence));
  expect(sequences(ring.newest(2))).toEqual([9, 5]);
  expect(sequences(ring.newest(99))).toEqual([9, 5, 4, 2, 1]);
  expect(sequences(ring.newest(2, 5))).toEqual([4, 2]);
  expect(sequences(ring.newest(2, 1))).toEqual([]);
  expect(sequences(ring.newest(0))).toEqual([]);
  expect(sequences(ring.after(2, 2))).toEqual([4, 5]);
  expect(sequences(ring.after(9, 2))).toEqual([]);
  ring.clear();
  expect(ring.length).toBe(0);
});

test("keeps the newest by count", () => {
  const ring = new EventRing();
  for (let i = 1; i <= 2.5 * EVENTS_MAX; i++) ring.push(event(i));
  expect(ring.length).toBe(EVENTS_MAX);
  expect(ring.all()[0]?.sequence).toBe(1.5 * EVENTS_MAX + 1);
  expect(sequences(ring.newest(1))).toEqual([2.5 * EVENTS_MAX]);
});

test("keeps the newest by size", () => {
  const ring = new EventRing();
  const output = "x".repeat(2 ** 20);
  for (let i = 1; i <= 40; i++) ring.push(event(i, output));
  expect(ring.length).toBe(Math.floor(EVENT_CHARACTERS_MAX / (output.length + 200)));
  expect(sequences(ring.newest(1))).toEqual([40]);
  ring.push(event(41, "x".repeat(EVENT_CHARACTERS_MAX + 1)));
  expect(sequences(ring.newest(2))).toEqual([41]);
});
