/** How much this machine received and sent since the last reading, per second. */
import type { ProbeFactory } from "../probe.js";
import { type Interfaces, parseInterfaces, trafficBetween } from "./parse.js";
import { readNetDev } from "./read.js";
import { TRAFFIC_SPECS } from "./specs.js";

export const createNetworkProbe: ProbeFactory = (roots) => {
  let before: { readonly interfaces: Interfaces; readonly atMs: number } | undefined;
  return {
    name: "network",
    async measure(at) {
      const interfaces = parseInterfaces(await readNetDev(roots));
      const elapsedMs = before === undefined ? 0 : at.monotonicMs - before.atMs;
      const added = before && trafficBetween(before.interfaces, interfaces);
      before = { interfaces, atMs: at.monotonicMs };
      if (added === undefined || elapsedMs <= 0) return [];
      return TRAFFIC_SPECS.map(({ spec, counter }) => ({ spec, value: (added[counter] * 1_000) / elapsedMs }));
    },
  };
};
