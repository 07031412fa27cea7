/**
 * What our presence does to a running Ganglia: nothing.
 *
 * First MINUTES=10 without us and as long with us: three gmonds on multicast, one
 * of ours on a machine of its own, and one beside a gmond that takes unicast
 * packets on the channel's port. Counted by the kernel of each host: datagrams
 * lost, and everything that left our own machine by its interface.
 *
 * Then POLLS=12 polls each of a gmond with BIG=400 hosts (4.9 MB) by a bare
 * reader, gmetad and ours, while packets go on coming: how long the gmond holds
 * its lock for each client, and what it drops meanwhile. The times are printed,
 * not asserted.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findProgram } from "../setup/peers.mjs";
import { ask } from "../support/rig/ask.js";
import { eventually } from "../support/rig/eventually.js";
import { hostsOf } from "../support/rig/ganglia-document.js";
import { gmondConfig, startGmond, startGmondGroup } from "../support/rig/gmond.js";
import { startGrate, writeConfig } from "../support/rig/grate.js";
import { makeRig, type Rig } from "../support/rig/namespaces.js";
import { type NetCounters, netCounters, since } from "../support/rig/net-counters.js";
import { type Running, startProcess } from "../support/rig/process.js";
import { SEED, startEmulator } from "./emulator/start.js";
import { listeningGmondConfig, medianMs, startTracedGmond, visitsIn } from "./harmless/lock-time.js";

const MINUTES = Number(process.env["MINUTES"] ?? 10);
const POLLS = Number(process.env["POLLS"] ?? 12);
const BIG = Number(process.env["BIG"] ?? 400);
const MULTICAST_HOSTS = ["10.77.0.11", "10.77.0.12", "10.77.0.13"];
const UNICAST_HOSTS = 20;
/** Hosts of the rig: three gmonds, one with a gmond for unicast, one that is ours alone. */
const UNICAST = 3;
const OURS = 4;
const IGMP_MAX = 4;

const POLLING = `
sources:
  - { name: poll, type: ganglia-xml, address: ["10.77.0.11:8649"], every: 15s }
`;

const CONFIG = `${POLLING}
  - { name: channel, type: ganglia-udp, cluster: rig, listen: "239.2.11.71:8649", interface: eth0, metadata-from: "10.77.0.11:8649" }
`;

test(`harmless: ${MINUTES} minutes without us and ${MINUTES} with us`, {
  timeout: (2 * MINUTES + 5) * 60_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-bench-"));
  const rig = makeRig(5);
  const running: Running[] = [];
  try {
    const config = gmondConfig(folder, "rig");
    running.push(...(await startGmondGroup(rig, rig.hosts.slice(0, 3), config)));
    running.push(startGmond(namespaceOf(rig, UNICAST), listeningGmondConfig(folder, "unicast")));
    await eventually("three hosts in every gmond", 60_000, async () => {
      for (const address of MULTICAST_HOSTS) expect(await hostNames(rig, address)).toEqual(MULTICAST_HOSTS);
    });
    const packets = { address: "10.77.0.14", port: 8649, perSecond: 500 };
    const orders = { hosts: UNICAST_HOSTS, address: "127.0.0.1", ports: [], packets };
    running.push(await startEmulator(orders, { namespace: rig.bridge }));
    await eventually("all hosts in the unicast gmond", 60_000, async () =>
      expect((await hostNames(rig, "10.77.0.14")).length).toBe(UNICAST_HOSTS),
    );
    const without = await phase(rig, "without us", async () => {});
    const with_ = await phase(rig, "with us", async () => {
      const both = writeConfig(folder, CONFIG);
      // A gmond that takes packets of every address would hear the group because of us: the channel is refused there.
      const polling = writeConfig(folder, POLLING, "polling.yaml");
      const ours = [OURS, UNICAST].map((index) => {
        const config = index === OURS ? both : polling;
        const args = ["collector", "-c", config, "--state", join(folder, `state${index}`)];
        return startGrate(args, { namespace: namespaceOf(rig, index) });
      });
      return async () => {
        for (const index of [OURS, UNICAST]) {
          expect(hostsOf(await ask(namespaceOf(rig, index), "127.0.0.1", 8661)).size).toBeGreaterThanOrEqual(3);
        }
        for (const process of ours) await process.end();
      };
    });
    expect(with_.lists.slice(0, UNICAST)).toEqual(without.lists.slice(0, UNICAST));
    for (const counters of [...without.counters, ...with_.counters]) expect(counters.lostUdp).toBe(0);
    const sent = with_.counters[OURS] as NetCounters;
    expect(sent.sentUdp).toBe(0);
    expect(sent.sentMulticast).toBeLessThanOrEqual(IGMP_MAX);
    expect(sent.sentIp - sent.sentTcp - sent.sentMulticast).toBe(0);
    expect(with_.lists[UNICAST], "hosts of a unicast gmond beside us").toEqual(without.lists[UNICAST]);
  } finally {
    for (const process of running.reverse()) await process.end();
    rig.remove();
    rmSync(folder, { recursive: true, force: true });
  }
});

test(`harmless: how long a poll holds gmond's lock, ${BIG} hosts`, { timeout: 900_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-bench-"));
  const rig = makeRig(4);
  const running: Running[] = [];
  try {
    const gmond = namespaceOf(rig, 0);
    const trace = join(folder, "trace");
    running.push(startTracedGmond(gmond, listeningGmondConfig(folder, "big"), trace));
    const packets = { address: "10.77.0.11", port: 8649, perSecond: 4_000 };
    running.push(
      await startEmulator({ hosts: BIG, address: "127.0.0.1", ports: [], packets }, { namespace: rig.bridge }),
    );
    let documentBytes = 0;
    await eventually(
      "all hosts with all metrics",
      180_000,
      async () => {
        // Through a file: output of processes is kept only in part.
        const file = join(folder, "big.xml");
        await startProcess("bash", ["-c", `cat < /dev/tcp/10.77.0.11/8649 > ${file}`], { namespace: rig.bridge }).ended;
        const document = readFileSync(file, "latin1");
        documentBytes = document.length;
        expect(document.match(/<METRIC /g)?.length).toBe(BIG * 39);
      },
      5_000,
    );

    const clients: readonly (readonly [name: string, address: string, start: () => Promise<Running | undefined>])[] = [
      ["bare reader", "10.77.0.12", () => readBarely(namespaceOf(rig, 1))],
      ["gmetad", "10.77.0.13", async () => startGmetad(folder, namespaceOf(rig, 2))],
      ["grate", "10.77.0.14", async () => startOurs(folder, namespaceOf(rig, 3))],
    ];
    say(`\ngmond with ${BIG} hosts, ${(documentBytes / 1e6).toFixed(1)} MB, 4,000 packets/s, seed ${SEED}`);
    say(
      `${"".padEnd(14)}${["polls", "median ms", "least ms", "most ms", "packets lost"].map((head) => head.padStart(14)).join("")}`,
    );
    for (const [name, address, start] of clients) {
      const before = await netCounters(gmond, "eth0");
      const client = await start();
      const visits = await eventually(`${POLLS} polls by ${name}`, 240_000, () => {
        const made = visitsIn(trace).filter((visit) => visit.client === address);
        expect(made.length).toBeGreaterThanOrEqual(POLLS);
        return made;
      });
      await client?.end();
      const { lostUdp } = since(before, await netCounters(gmond, "eth0"));
      const held = visits.map(({ heldMs }) => heldMs);
      const cells = [medianMs(visits), Math.min(...held), Math.max(...held)].map((ms) => ms.toFixed(1));
      say(
        `${name.padEnd(14)}${[String(visits.length), ...cells, String(lostUdp)].map((cell) => cell.padStart(14)).join("")}`,
      );
    }
  } finally {
    for (const process of running.reverse()) process.child.kill("SIGTERM");
    rig.remove();
    for (const process of running) await process.ended;
    rmSync(folder, { recursive: true, force: true });
  }
});

interface Phase {
  readonly lists: readonly (readonly string[])[];
  readonly counters: readonly NetCounters[];
}

/** @param start brings us in; what it returns lets us go again, before the last counting */
async function phase(rig: Rig, name: string, start: () => Promise<(() => Promise<void>) | void>): Promise<Phase> {
  const count = () => Promise.all(rig.hosts.map(({ namespace }) => netCounters(namespace, "eth0")));
  const before = await count();
  const stop = await start();
  await new Promise((resolve) => setTimeout(resolve, MINUTES * 60_000));
  const oldest = await oldestValue(rig, "10.77.0.14");
  await stop?.();
  const counters = (await count()).map((after, i) => since(before[i] as NetCounters, after));
  const lists = await Promise.all([...MULTICAST_HOSTS, "10.77.0.14"].map((address) => hostNames(rig, address)));
  say(`\n${MINUTES} min ${name}`);
  const heads = ["UDP in", "UDP lost", "UDP out", "TCP out", "IGMP out", "ICMP out", "IP rest", "frames out"];
  say(`${"".padEnd(14)}${heads.map((head) => head.padStart(12)).join("")}`);
  for (const [i, sent] of counters.entries()) {
    // Where documents are served, TCP counts segments and IP counts bundles of them: only ours can be added up.
    const rest = i === OURS ? sent.sentIp - sent.sentTcp - sent.sentUdp - sent.sentIcmp - sent.sentMulticast : "-";
    const igmp = i === OURS ? sent.sentMulticast : "-";
    const cells = [
      sent.receivedUdp,
      sent.lostUdp,
      sent.sentUdp,
      sent.sentTcp,
      igmp,
      sent.sentIcmp,
      rest,
      sent.sentFrames,
    ];
    const who = i === OURS ? "ours alone" : i === UNICAST ? "unicast gmond" : `gmond ${i + 1}`;
    say(`${who.padEnd(14)}${cells.map((cell) => String(cell).padStart(12)).join("")}`);
  }
  say(`unicast gmond beside us: ${lists[UNICAST]?.length} hosts, oldest value ${oldest} s`);
  return { lists, counters };
}

/** TN of the value that was not renewed for longest, seconds. */
async function oldestValue(rig: Rig, address: string): Promise<number> {
  const hosts = [...hostsOf(await ask(rig.bridge, address, 8649)).values()];
  return Math.max(...hosts.flatMap(({ metrics }) => [...metrics.values()].map(({ TN }) => Number(TN))));
}

async function hostNames(rig: Rig, address: string): Promise<string[]> {
  return [...hostsOf(await ask(rig.bridge, address, 8649)).keys()].sort();
}

function namespaceOf(rig: Rig, index: number): string {
  return (rig.hosts[index] as Rig["hosts"][number]).namespace;
}

/** What no client can be faster than: reads and throws away. */
async function readBarely(namespace: string): Promise<undefined> {
  for (let poll = 0; poll < POLLS; poll++) {
    await startProcess("bash", ["-c", "cat < /dev/tcp/10.77.0.11/8649 > /dev/null"], { namespace }).ended;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

function startGmetad(folder: string, namespace: string): Running {
  const file = join(folder, "gmetad.conf");
  mkdirSync(join(folder, "rrds"));
  const lines = [
    'data_source "big" 3 10.77.0.11:8649',
    "setuid off",
    `rrd_rootdir "${join(folder, "rrds")}"`,
    "write_rrds off",
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  return startProcess(findProgram("gmetad") ?? "gmetad", ["-c", file, "-d", "1"], { namespace });
}

function startOurs(folder: string, namespace: string): Running {
  const text = 'sources:\n  - { name: big, type: ganglia-xml, address: ["10.77.0.11:8649"], every: 3s }\n';
  const args = ["collector", "-c", writeConfig(folder, text, "big.yaml"), "--state", join(folder, "big-state")];
  return startGrate(args, { namespace });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
