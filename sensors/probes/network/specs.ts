/** Traffic of this machine, as gmond's mod_net names it. */
import type { MetricSpec } from "../probe.js";
import type { Traffic } from "./parse.js";

const shared = { type: "float", slope: "both", tmaxS: 300, decimals: 2, group: "network" } as const;

/** A metric and the counter whose growth it shows. */
export interface TrafficSpec {
  readonly spec: MetricSpec;
  readonly counter: keyof Traffic;
}

export const TRAFFIC_SPECS: readonly TrafficSpec[] = [
  {
    counter: "bytesIn",
    spec: {
      ...shared,
      name: "bytes_in",
      units: "bytes/sec",
      title: "Bytes Received",
      description: "Bytes received on all interfaces together",
    },
  },
  {
    counter: "bytesOut",
    spec: {
      ...shared,
      name: "bytes_out",
      units: "bytes/sec",
      title: "Bytes Sent",
      description: "Bytes sent on all interfaces together",
    },
  },
  {
    counter: "packetsIn",
    spec: {
      ...shared,
      name: "pkts_in",
      units: "packets/sec",
      title: "Packets Received",
      description: "Packets received on all interfaces together",
    },
  },
  {
    counter: "packetsOut",
    spec: {
      ...shared,
      name: "pkts_out",
      units: "packets/sec",
      title: "Packets Sent",
      description: "Packets sent on all interfaces together",
    },
  },
];
