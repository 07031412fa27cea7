/**
 * Everything that sensors/ can do, by name. A new probe or source type is its
 * own folder or file, and one line here.
 */
import type { SourceConfig } from "./config.js";
import { GangliaChannelListener } from "./ganglia/channel-listener.js";
import { GangliaXmlPoller } from "./ganglia/xml-poller.js";
import { thisMachine } from "./machine.js";
import { createCpuProbe } from "./probes/cpu/index.js";
import { createDiskProbe } from "./probes/disk/index.js";
import { createLoadProbe } from "./probes/load/index.js";
import { createMemoryProbe } from "./probes/memory/index.js";
import { createNetworkProbe } from "./probes/network/index.js";
import type { ProbeFactory } from "./probes/probe.js";
import { createProcessesProbe } from "./probes/processes/index.js";
import { createSystemProbe } from "./probes/system/index.js";
import { createTemperatureProbe } from "./probes/temperature/index.js";
import { RecordedSource } from "./recorded/recorded-source.js";
import { SensorSource } from "./runner.js";
import type { Source, SourceDeps } from "./source.js";

/** What a sensor measures, in the order in which it appears in a frame. */
export const PROBES: readonly ProbeFactory[] = [
  createLoadProbe,
  createCpuProbe,
  createMemoryProbe,
  createDiskProbe,
  createNetworkProbe,
  createProcessesProbe,
  createTemperatureProbe,
  createSystemProbe,
];

type SourceTypes = {
  readonly [Type in SourceConfig["type"]]: (config: Extract<SourceConfig, { type: Type }>, deps: SourceDeps) => Source;
};

const SOURCE_TYPES: SourceTypes = {
  "ganglia-xml": (config, deps) => new GangliaXmlPoller(config, deps),
  "ganglia-udp": (config, deps) => new GangliaChannelListener(config, deps),
  "ganglia-files": (config, deps) => new RecordedSource(config, deps),
  sensor: (config, deps) => {
    const roots = { procfs: config.procfs, sysfs: config.sysfs };
    const probes = PROBES.map((create) => create(roots, deps.clock));
    return new SensorSource(config, deps, probes, thisMachine());
  },
};

/** Made, not started. */
export function createSource(config: SourceConfig, deps: SourceDeps): Source {
  // The type of the configuration chooses the function, which the compiler cannot follow.
  const create = SOURCE_TYPES[config.type] as (config: SourceConfig, deps: SourceDeps) => Source;
  return create(config, deps);
}
