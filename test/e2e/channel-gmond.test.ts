/** The listener, as built, on one machine with a real gmond: neither takes anything from the other. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { findProgram } from "../setup/peers.mjs";
import { describeWithPeers } from "../support/peer-test.js";
import { ask } from "../support/rig/ask.js";
import { startListener, tell } from "../support/rig/channel-listener.js";
import { eventually } from "../support/rig/eventually.js";
import { hostsOf } from "../support/rig/ganglia-document.js";
import { gmetric, gmondConfig, startGmond } from "../support/rig/gmond.js";
import { makeEmptyNamespace, makeRig } from "../support/rig/namespaces.js";
import { runProcess, startProcess } from "../support/rig/process.js";

const PORT = 8649;
/** 239.2.11.71 in /proc/net/igmp. */
const GROUP_AS_THE_KERNEL_SAYS = "470B02EF";
const METRICS = Array.from({ length: 40 }, (_, i) => `metric${i}`);

describeWithPeers("a listener beside gmond", ["gmond", "gmetric", "/etc/ganglia/conf.d/mod_io.conf", "ip"], () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-e2e-"));
  const cleanUp: (() => Promise<unknown> | unknown)[] = [];

  afterEach(async () => {
    for (const undo of cleanUp.splice(0).reverse()) await undo();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    ["the wildcard", "", "127.0.0.1"],
    ["the same address", "bind = 127.0.0.1", "127.0.0.1"],
  ])(
    "on the unicast port that gmond has on %s: gmond loses nothing, we refuse and say what to do",
    async (_, bind, ours) => {
      const { namespace, remove } = makeEmptyNamespace();
      cleanUp.push(remove);
      const config = unicastConfig(bind);
      const gmond = startProcess(findProgram("gmond") ?? "gmond", ["-c", config, "-f"], { namespace });
      cleanUp.push(() => gmond.end());
      const metrics = async () =>
        new Set(
          [...hostsOf(await ask(namespace, "127.0.0.1", PORT)).values()].flatMap((host) => [...host.metrics.keys()]),
        );
      await eventually("gmond answers", 20_000, metrics);
      const refusals: string[] = [];
      for (const [i, name] of METRICS.entries()) {
        // Ours tries again and again while packets come.
        if (i % 10 === 5) {
          const listener = startListener({ cluster: "rig", listen: `${ours}:${PORT}` }, namespace);
          refusals.push(await listener.line("refused"));
          await listener.end();
        }
        await gmetric(namespace, config, { name, value: String(i), type: "uint32" });
      }
      await eventually("all metrics in gmond", 10_000, async () => {
        const seen = await metrics();
        expect(METRICS.filter((name) => !seen.has(name))).toEqual([]);
      });
      expect(refusals).toHaveLength(4);
      for (const refusal of refusals) {
        expect(refusal).toContain(
          `Cannot listen on ${ours}:${PORT}: another program receives there, most likely gmond`,
        );
        expect(refusal).toContain("Poll it instead (type: ganglia-xml, on its TCP port, 8649 by default)");
        expect(refusal).toContain("a second udp_send_channel to another port");
      }
    },
  );

  test("on the group of a gmond on the same machine: both hear all, and no gmond sees a host more", async () => {
    const rig = makeRig(2);
    cleanUp.push(rig.remove);
    const config = gmondConfig(folder, "rig");
    for (const host of rig.hosts) {
      const gmond = startGmond(host.namespace, config);
      cleanUp.push(() => gmond.end());
    }
    const [one] = rig.hosts;
    if (one === undefined) throw new Error("there is no host");
    const listener = startListener({ cluster: "rig", listen: `239.2.11.71:${PORT}`, interface: "eth0" }, one.namespace);
    cleanUp.push(() => listener.end());
    await listener.line("ready");
    for (const name of METRICS) await gmetric(one.namespace, config, { name, value: "1", type: "uint32" });
    await eventually("all metrics in ours", 10_000, async () => {
      const { metrics } = await tell(listener);
      expect(METRICS.filter((name) => !metrics.includes(name))).toEqual([]);
    });
    for (const { address } of rig.hosts) {
      await eventually("all metrics in gmond", 10_000, async () => {
        const hosts = hostsOf(await ask(rig.bridge, address, PORT));
        expect([...hosts.keys()].sort()).toEqual(rig.hosts.map((host) => host.address).sort());
        const seen = hosts.get(one.address)?.metrics;
        expect(METRICS.filter((name) => seen?.has(name) !== true)).toEqual([]);
      });
    }
    expect(await tell(listener)).toMatchObject({ malformed: 0, dropped: 0, asked: 0 });
  });

  test("beside a gmond that takes unicast on every address: we do not join, for it would hear the whole group", async () => {
    const rig = makeRig(3);
    cleanUp.push(rig.remove);
    const [sender, beside, late] = rig.hosts;
    if (sender === undefined || beside === undefined || late === undefined) throw new Error("there are no hosts");
    const config = gmondConfig(folder, "rig");
    const onGroup = startGmond(sender.namespace, config);
    cleanUp.push(() => onGroup.end());
    const unicast = unicastConfig("");
    const startUnicast = (namespace: string) => {
      const gmond = startProcess(findProgram("gmond") ?? "gmond", ["-c", unicast, "-f"], { namespace });
      cleanUp.push(() => gmond.end());
    };
    const source = { cluster: "rig", listen: `239.2.11.71:${PORT}`, interface: "eth0" };
    startUnicast(beside.namespace);
    await eventually("gmond answers", 20_000, () => ask(beside.namespace, "127.0.0.1", PORT));
    const refused = startListener(source, beside.namespace);
    expect(await refused.line("refused")).toContain("would hear the whole group because of us");
    await refused.end();

    // Where such a gmond comes later, the group is left as soon as it is noticed.
    const listener = startListener(source, late.namespace);
    cleanUp.push(() => listener.end());
    await listener.line("ready");
    const groups = async () => (await runProcess("cat", ["/proc/net/igmp"], { namespace: late.namespace })).stdout;
    expect(await groups()).toContain(GROUP_AS_THE_KERNEL_SAYS);
    startUnicast(late.namespace);
    await eventually("the group is left", 30_000, async () =>
      expect(await groups()).not.toContain(GROUP_AS_THE_KERNEL_SAYS),
    );

    await gmetric(sender.namespace, config, { name: "loud", value: "1", type: "uint32" });
    await eventually("the group goes on", 20_000, async () => {
      const metrics = hostsOf(await ask(rig.bridge, sender.address, PORT)).get(sender.address)?.metrics;
      expect(metrics?.has("loud")).toBe(true);
    });
    expect([...hostsOf(await ask(beside.namespace, "127.0.0.1", PORT)).keys()]).not.toContain(sender.address);
  });

  test("with request-metadata: a late listener learns what gmond would not tell again; without it, it never asks", async () => {
    const rig = makeRig(2);
    cleanUp.push(rig.remove);
    const [one] = rig.hosts;
    if (one === undefined) throw new Error("there is no host");
    const config = gmondConfig(folder, "rig");
    writeFileSync(
      config,
      readFileSync(config, "utf8").replace("send_metadata_interval = 15", "send_metadata_interval = 0"),
    );
    const gmond = startGmond(one.namespace, config);
    cleanUp.push(() => gmond.end());
    const io = async () => {
      const metrics = hostsOf(await ask(rig.bridge, one.address, PORT)).get(one.address)?.metrics;
      expect([...(metrics?.keys() ?? [])].filter((name) => name.startsWith("io_")).length).toBeGreaterThan(3);
    };
    // What gmond itself knows of has been told to the channel; whoever listens from now on has missed it.
    await eventually("gmond measures disks", 60_000, io);
    const source = { cluster: "rig", listen: `239.2.11.71:${PORT}`, interface: "br0" };
    const silent = startListener(source, rig.bridge);
    const asking = startListener({ ...source, "request-metadata": true }, rig.bridge);
    cleanUp.push(
      () => silent.end(),
      () => asking.end(),
    );
    await silent.line("ready");
    await asking.line("ready");
    await eventually("metadata of disks", 120_000, async () => {
      const { asked, metrics } = await tell(asking);
      expect(asked).toBeGreaterThan(0);
      expect(metrics.filter((name) => name.startsWith("io_")).length).toBeGreaterThan(3);
    });
    expect(await tell(silent)).toMatchObject({ asked: 0 });
    // This is why it is off by default.
    const hosts = hostsOf(await ask(rig.bridge, one.address, PORT));
    expect(hosts.size).toBe(2);
  });

  function unicastConfig(bind: string): string {
    const file = join(folder, "unicast.conf");
    const lines = [
      "globals { daemonize = no setuid = no host_dmax = 0 }",
      'cluster { name = "rig" }',
      `udp_send_channel { host = 127.0.0.1 port = ${PORT} }`,
      `udp_recv_channel { port = ${PORT} ${bind} }`,
      `tcp_accept_channel { port = ${PORT} bind = 127.0.0.1 }`,
      'modules { module { name = "core_metrics" } }',
    ];
    writeFileSync(file, `${lines.join("\n")}\n`);
    return file;
  }
});
