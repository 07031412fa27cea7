import { describe, expect, it, vi } from "vitest";
import { createDiskProbe } from "../../../sensors/probes/disk/index.js";
import { type Space, sumSpace } from "../../../sensors/probes/disk/parse.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { instant, rootsOf, valuesOf } from "./support.js";

const GB = 10 ** 9;

/** A file system of so many GB, in blocks of 1000 bytes. */
const space = (totalGb: number, freeGb: number): Space => ({
  bsize: 1_000,
  blocks: (totalGb * GB) / 1_000,
  bavail: (freeGb * GB) / 1_000,
});

function probeOf(tree: string, answers: Record<string, () => Promise<Space>>) {
  const asked: string[] = [];
  const clock = new VirtualClock();
  const probe = createDiskProbe(rootsOf(tree), clock, (path) => {
    asked.push(path);
    return answers[path]?.() ?? Promise.reject(new Error(`${path} should not have been asked`));
  });
  return { probe, asked, clock };
}

describe("disk probe", () => {
  it("asks each local disk once and nothing else", async () => {
    const { probe, asked } = probeOf("disk/normal", {
      "/": async () => space(100, 25),
      "/srv/big data": async () => space(900, 875),
    });
    expect(valuesOf(await probe.measure(instant(0)))).toEqual({ disk_total: 1000, disk_free: 900, part_max_used: 75 });
    expect(asked).toEqual(["/", "/srv/big data"]);
  });

  it("tells nothing where there is no local disk", async () => {
    const { probe, asked } = probeOf("disk/diskless", {});
    expect(await probe.measure(instant(0))).toEqual([]);
    expect(asked).toEqual([]);
  });

  it("fails on lines that are no mounts", async () => {
    await expect(probeOf("disk/garbled", {}).probe.measure(instant(0))).rejects.toThrow("Cannot parse /proc/mounts");
  });

  it("names the mount that gives an error", async () => {
    const { probe } = probeOf("disk/normal", { "/": () => Promise.reject(new Error("EIO: i/o error")) });
    await expect(probe.measure(instant(0))).rejects.toThrow("Cannot tell the space of /: EIO: i/o error");
  });

  it("gives up on a disk that hangs, and asks it again only when it has answered", async () => {
    let answer: (space: Space) => void = () => {};
    const slow = new Promise<Space>((resolve) => {
      answer = resolve;
    });
    const { probe, asked, clock } = probeOf("disk/normal", {
      "/": () => slow,
      "/srv/big data": async () => space(900, 900),
    });
    const first = expect(probe.measure(instant(0))).rejects.toThrow("the space of /: its file system does not answer");
    await vi.waitFor(() => expect(asked).toEqual(["/"]));
    await clock.advance(2_000);
    await first;
    await expect(probe.measure(instant(15_000))).rejects.toThrow("does not answer");
    expect(asked).toEqual(["/"]);
    answer(space(100, 50));
    await clock.advance(1);
    expect(valuesOf(await probe.measure(instant(30_000)))).toEqual({
      disk_total: 1000,
      disk_free: 950,
      part_max_used: 50,
    });
    expect(clock.pendingTimers).toBe(0);
  });

  it("reads this machine", async () => {
    const probe = createDiskProbe({ procfs: "/proc", sysfs: "/sys" }, new VirtualClock());
    for (const { value } of await probe.measure(instant(0))) expect(value).toBeGreaterThanOrEqual(0);
  });
});

describe("sumSpace", () => {
  it("passes over a file system without blocks", () => {
    expect(sumSpace([{ bsize: 4096, blocks: 0, bavail: 0 }])).toEqual({ totalGb: 0, freeGb: 0, usedMaxPercent: 0 });
  });

  it("counts what is kept for root as used", () => {
    expect(sumSpace([{ bsize: 4096, blocks: 1_000, bavail: 0 }]).usedMaxPercent).toBe(100);
  });
});
