import { describe, expect, it } from "vitest";
import { createNetworkProbe } from "../../../sensors/probes/network/index.js";
import { isCounted, parseInterfaces } from "../../../sensors/probes/network/parse.js";
import { readNetDev } from "../../../sensors/probes/network/read.js";
import { instant, measureOnce, rootsOf, switchableProbe, valuesOf } from "./support.js";

describe("network probe", () => {
  it("tells nothing at first", async () => {
    expect(await measureOnce(createNetworkProbe, "network/first")).toEqual({});
  });

  it("adds up the interfaces that were there both times, without loopback and bonds", async () => {
    const { probe, use } = switchableProbe(createNetworkProbe, "network/first");
    await probe.measure(instant(0));
    use("network/second");
    expect(valuesOf(await probe.measure(instant(15_000)))).toEqual({
      bytes_in: (150_000 + 1_500) / 15,
      bytes_out: 30_000 / 15,
      pkts_in: (300 + 15) / 15,
      pkts_out: 60 / 15,
    });
  });

  it("leaves out the round in which a counter went back, and goes on with the next", async () => {
    const { probe, use } = switchableProbe(createNetworkProbe, "network/second");
    await probe.measure(instant(0));
    use("network/eth1-reset");
    expect(await probe.measure(instant(10_000))).toEqual([]);
    expect(valuesOf(await probe.measure(instant(20_000)))).toEqual({
      bytes_in: 0,
      bytes_out: 0,
      pkts_in: 0,
      pkts_out: 0,
    });
  });

  it("tells nothing when no time has passed", async () => {
    const { probe, use } = switchableProbe(createNetworkProbe, "network/first");
    await probe.measure(instant(5));
    use("network/second");
    expect(await probe.measure(instant(5))).toEqual([]);
  });

  it.each(["network/short", "network/no-heading", "network/no-name"])("fails on %s", async (tree) => {
    await expect(measureOnce(createNetworkProbe, tree)).rejects.toThrow(/^Cannot parse .*\/proc\/net\/dev/);
  });

  it("reads names with a colon and counts right behind one", async () => {
    const interfaces = parseInterfaces(await readNetDev(rootsOf("network/no-blank-behind-colon")));
    expect(Object.fromEntries(interfaces)).toEqual({
      eth0: { bytesIn: 1_000_000, packetsIn: 1_000, bytesOut: 500_000, packetsOut: 800 },
      "eth0:1": { bytesIn: 2_000, packetsIn: 20, bytesOut: 4_000, packetsOut: 40 },
    });
  });
});

describe("isCounted", () => {
  it.each([
    ["lo", false],
    ["bond0", false],
    ["eth0", true],
    ["ib0", true],
    ["lowpan0", true],
    ["br-bond", true],
  ])("%s: %s", (name, expected) => {
    expect(isCounted(name)).toBe(expected);
  });
});
