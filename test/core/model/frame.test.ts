import { expect, test } from "vitest";
import { ClusterDirectory } from "../../../core/model/directory.js";
import { Frame } from "../../../core/model/frame.js";

test("a frame grows past its first size and keeps every cell", () => {
  const frame = new Frame(new ClusterDirectory("c"), "s");
  for (let i = 0; i < 5_000; i++) {
    frame.pushNumber(i, i % 7, i / 2, 1_000 + i, i % 3);
    frame.heard(i, 2_000 + i);
  }
  expect([frame.count, frame.heardCount]).toEqual([5_000, 5_000]);
  expect([
    frame.rows[4_999],
    frame.columns[4_999],
    frame.values[4_999],
    frame.timesMs[4_999],
    frame.decimals[4_999],
  ]).toEqual([4_999, 1, 2_499.5, 5_999, 1]);
  expect(frame.heardTimesMs[4_999]).toBe(6_999);
});

test("cleared, it is empty and refills from the start", () => {
  const frame = new Frame(new ClusterDirectory("c"), "s");
  frame.pushText(3, 1, "Linux", 5);
  expect(frame.texts[frame.values[0] as number]).toBe("Linux");
  frame.heard(3, 5);
  frame.clear();
  expect([frame.count, frame.heardCount, frame.texts.length]).toEqual([0, 0, 0]);
  frame.pushText(4, 1, "Darwin", 6);
  expect([frame.rows[0], frame.texts[frame.values[0] as number]]).toEqual([4, "Darwin"]);
});
