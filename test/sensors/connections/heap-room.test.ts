/** How far V8's heap may grow because of memory outside of it. */
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { growingPercent } from "../../../sensors/connections/heap-room.js";

const MIB = 2 ** 20;

describe("room in the heap", () => {
  it.each([
    ["1,000 hosts", 12 * MIB, 20 * MIB, 100],
    ["100 hosts: V8's own rule", 1.2 * MIB, 12 * MIB, 0],
    ["10,000 hosts: other threads' heaps grow by it too", 123 * MIB, 30 * MIB, 200],
  ])("for documents of %s", (_, bytes, heapBytes, percent) => {
    expect(growingPercent(bytes, heapBytes)).toBe(percent);
  });

  it("is a setting that this V8 knows", () => {
    const options = execFileSync(process.execPath, ["--v8-options"], { encoding: "utf8", maxBuffer: 16 * MIB });
    expect(options).toContain("--heap-growing-percent");
  });
});
