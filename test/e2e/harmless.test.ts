/**
 * What we put on the wire, counted by the kernel of a machine of our own on the
 * cluster's network: TCP to the gmond that is polled, and the two IGMP reports of
 * joining and leaving the group. No datagram, ever. `npm run bench:harmless`
 * does the same for longer, with what a poll costs the gmond.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWithPeers } from "../support/peer-test.js";
import { ask } from "../support/rig/ask.js";
import { eventually } from "../support/rig/eventually.js";
import { hostsOf } from "../support/rig/ganglia-document.js";
import { gmondConfig, startGmondGroup } from "../support/rig/gmond.js";
import { startGrate, writeConfig } from "../support/rig/grate.js";
import { makeRig, type Rig } from "../support/rig/namespaces.js";
import { netCounters, since } from "../support/rig/net-counters.js";
import type { Running } from "../support/rig/process.js";

/** A report of joining is repeated once, and one of leaving too. */
const IGMP_MAX = 4;

const CONFIG = `
sources:
  - { name: poll, type: ganglia-xml, address: ["10.77.0.11:8649"], every: 2s }
  - { name: channel, type: ganglia-udp, cluster: rig, listen: "239.2.11.71:8649", interface: eth0, metadata-from: "10.77.0.11:8649" }
`;

describeWithPeers("harmless on the wire", ["gmond", "ip"], () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-e2e-"));
  const running: Running[] = [];
  let rig: Rig;
  const gmondHosts = async (address: string) => [...hostsOf(await ask(rig.bridge, address, 8649)).keys()].sort();
  const host = (number: number) => rig.hosts[number] as Rig["hosts"][number];

  beforeAll(async () => {
    rig = makeRig(3);
    const config = gmondConfig(folder, "rig");
    running.push(...(await startGmondGroup(rig, [host(0), host(1)], config)));
    await eventually("two hosts in both gmonds", 60_000, async () => {
      for (const { address } of [host(0), host(1)]) expect((await gmondHosts(address)).length).toBe(2);
    });
  });

  afterAll(async () => {
    for (const process of running.reverse()) await process.end();
    rig?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test("a collector that polls and listens sends nothing but its polls, and no gmond knows of it", async () => {
    const us = host(2).namespace;
    const before = await netCounters(us, "eth0");
    const config = writeConfig(folder, CONFIG);
    const collector = startGrate(["collector", "-c", config, "--state", join(folder, "state")], { namespace: us });
    running.push(collector);
    await eventually("values by both ways", 60_000, async () => {
      expect(hostsOf(await ask(us, "127.0.0.1", 8661)).size).toBe(2);
      const status = await ask(us, "127.0.0.1", 8662, "grate:1/status");
      expect(status.match(/<SOURCE [^>]*FRAMES="(?!0")\d+"/g)?.length).toBe(2);
    });
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    await collector.end();
    const sent = since(before, await netCounters(us, "eth0"));
    expect(sent.sentUdp).toBe(0);
    expect(sent.sentIcmp).toBe(0);
    expect(sent.sentTcp).toBeGreaterThan(0);
    expect(sent.sentMulticast).toBeGreaterThan(0);
    expect(sent.sentMulticast).toBeLessThanOrEqual(IGMP_MAX);
    // Nothing is left over: each IP packet was TCP or IGMP.
    expect(sent.sentIp - sent.sentTcp - sent.sentMulticast).toBe(0);
    for (const { address } of [host(0), host(1)])
      expect(await gmondHosts(address)).toEqual(["10.77.0.11", "10.77.0.12"]);
    for (const { namespace } of [host(0), host(1)]) expect((await netCounters(namespace, "eth0")).lostUdp).toBe(0);
  });
});
