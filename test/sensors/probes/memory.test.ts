import { describe, expect, it } from "vitest";
import { createMemoryProbe } from "../../../sensors/probes/memory/index.js";
import { parseMeminfo } from "../../../sensors/probes/memory/parse.js";
import { measureOnce } from "./support.js";

describe("memory probe", () => {
  it("reads what a kernel of today prints", async () => {
    expect(await measureOnce(createMemoryProbe, "memory/normal")).toEqual({
      mem_total: 24684084,
      mem_free: 24347932,
      mem_shared: 0,
      mem_buffers: 3628,
      mem_cached: 149044,
      mem_available: 24332524,
      mem_slab: 99088,
      mem_sreclaimable: 75556,
      swap_total: 2097148,
      swap_free: 2096640,
    });
  });

  it("leaves out what an old kernel does not print", async () => {
    expect(await measureOnce(createMemoryProbe, "memory/linux-2.4")).toEqual({
      mem_total: 1030252,
      mem_free: 43960,
      mem_shared: 128,
      mem_buffers: 101168,
      mem_cached: 703340,
      swap_total: 2096472,
      swap_free: 2084504,
    });
  });

  it.each(["memory/no-total", "memory/garbled"])("fails on %s", async (tree) => {
    await expect(measureOnce(createMemoryProbe, tree)).rejects.toThrow("Cannot parse /proc/meminfo");
  });

  it("reads fields with brackets and does not take SwapCached for Cached", () => {
    const fields = parseMeminfo("MemTotal: 9 kB\nSwapCached: 1 kB\nCached: 2 kB\nActive(anon): 3 kB\n");
    expect([...fields]).toEqual([
      ["MemTotal", 9],
      ["SwapCached", 1],
      ["Cached", 2],
      ["Active(anon)", 3],
    ]);
  });
});
