/** Every source type of sensors/list.ts, held to the contract of sources. */

import { silentLogger } from "../../core/base/log.js";
import type { FrameSink } from "../../core/model/frame.js";
import { GangliaChannelListener } from "../../sensors/ganglia/channel-listener.js";
import type { ChannelHandlers } from "../../sensors/ganglia/channel-socket.js";
import { GangliaXmlPoller } from "../../sensors/ganglia/xml-poller.js";
import type { MetricSpec } from "../../sensors/probes/probe.js";
import { SensorSource } from "../../sensors/runner.js";
import { describeSource } from "../contract/source-contract.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { floatPacket } from "./support/ganglia-packets.js";
import { gmondDocument } from "./support/ganglia-xml.js";

const EVERY_MS = 15_000;
/** After its first run a source may wait for one interval and a half. */
const NEXT_TICK_MS = 1.5 * EVERY_MS;

function depsOf(sink: FrameSink) {
  const clock = new VirtualClock();
  return { clock, deps: { sink, clock, logger: silentLogger } };
}

describeSource("ganglia-xml", async (sink) => {
  const { clock, deps } = depsOf(sink);
  let value = 0;
  const source = new GangliaXmlPoller(
    {
      name: "khab",
      type: "ganglia-xml",
      address: [{ host: "10.0.0.1", port: 8649 }],
      every: EVERY_MS,
      "connect-timeout": 5_000,
      timeout: 30_000,
      "size-limit": 2 ** 20,
      take: "detail",
    },
    deps,
    async () => {
      const hosts = [{ name: "node1", metrics: { load_one: ++value } }];
      const document = gmondDocument("khab", Math.floor(clock.nowMs() / 1_000), hosts);
      return { bytes: Buffer.from(document), receivedBytes: document.length, receivedMs: clock.nowMs() };
    },
  );
  return { source, clock, feed: () => clock.advance(NEXT_TICK_MS) };
});

describeSource("ganglia-udp", async (sink) => {
  const { clock, deps } = depsOf(sink);
  let handlers: ChannelHandlers | undefined;
  let value = 0;
  const source = new GangliaChannelListener(
    {
      name: "live",
      type: "ganglia-udp",
      cluster: "khab",
      listen: { host: "239.2.11.71", port: 8649 },
      resolve: true,
      allow: [],
      "request-metadata": false,
      "legacy-os": "linux",
    },
    deps,
    {
      open: async ({ listen }, given) => {
        handlers = given;
        return {
          receiveBufferBytes: 2 ** 30,
          local: listen,
          join: () => {},
          checkNeighbours: () => {},
          close: async () => {},
        };
      },
      lookup: async () => "node1",
    },
  );
  return {
    source,
    clock,
    feed: async () => {
      handlers?.onDatagram(floatPacket("load_one", ++value), "10.0.0.1");
      await clock.advance(1_000);
    },
  };
});

const APPLES: MetricSpec = {
  name: "apples",
  type: "float",
  units: "",
  slope: "both",
  tmaxS: 60,
  decimals: 0,
  group: "fruit",
  title: "Apples",
  description: "Apples",
};

describeSource("sensor", async (sink) => {
  const { clock, deps } = depsOf(sink);
  let value = 0;
  const source = new SensorSource(
    { name: "self", type: "sensor", cluster: "servers", every: EVERY_MS, procfs: "/proc", sysfs: "/sys" },
    deps,
    [{ name: "fruit", measure: async () => [{ spec: APPLES, value: ++value }] }],
    { hostName: "master", ip: "10.0.0.254" },
  );
  return { source, clock, feed: () => clock.advance(NEXT_TICK_MS) };
});
