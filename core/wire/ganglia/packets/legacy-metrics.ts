/**
 * The numbered metrics of Ganglia 3.0 and 2.5. A packet carries the number and
 * the value, nothing else; all the rest is known beforehand, from here.
 *
 * 3.0 has one list for all systems. In 2.5 the numbers above 28 mean what the
 * system of the sender has; a packet does not say which that is.
 */
import type { MetricMeta, MetricType, Slope } from "../../../model/metric.js";

/** How a value travels. */
export type LegacyWire = "u_short" | "u_int" | "float" | "double" | "string";

export interface LegacyMetric {
  readonly wire: LegacyWire;
  /** Digits after the point, as gmond prints it. */
  readonly decimals: number;
  readonly meta: MetricMeta;
}

/** Whose gmond 2.5 sends what is numbered above 28. */
export const LEGACY_SYSTEMS = ["linux", "solaris", "hpux"] as const;
export type LegacySystem = (typeof LEGACY_SYSTEMS)[number];

const TYPE_OF: Readonly<Record<LegacyWire, MetricType>> = Object.freeze({
  u_short: "uint16",
  u_int: "uint32",
  float: "float",
  double: "double",
  string: "string",
});

type Row = readonly [
  group: string,
  name: string,
  wire: LegacyWire,
  units: string,
  tmaxS: number,
  slope: Slope,
  decimals: number,
];

// biome-ignore format: a table is read by columns
const COMMON: readonly Row[] = [
  // From 1 on.
  ["cpu",     "cpu_num",       "u_short", "CPUs",        1200, "zero", 0],
  ["cpu",     "cpu_speed",     "u_int",   "MHz",         1200, "zero", 0],
  ["memory",  "mem_total",     "u_int",   "KB",          1200, "zero", 0],
  ["memory",  "swap_total",    "u_int",   "KB",          1200, "zero", 0],
  ["system",  "boottime",      "u_int",   "s",           1200, "zero", 0],
  ["system",  "sys_clock",     "u_int",   "s",           1200, "zero", 0],
  ["system",  "machine_type",  "string",  "",            1200, "zero", 0],
  ["system",  "os_name",       "string",  "",            1200, "zero", 0],
  ["system",  "os_release",    "string",  "",            1200, "zero", 0],
  ["cpu",     "cpu_user",      "float",   "%",             90, "both", 1],
  ["cpu",     "cpu_nice",      "float",   "%",             90, "both", 1],
  ["cpu",     "cpu_system",    "float",   "%",             90, "both", 1],
  ["cpu",     "cpu_idle",      "float",   "%",             90, "both", 1],
  ["cpu",     "cpu_aidle",     "float",   "%",           3800, "both", 1],
  ["load",    "load_one",      "float",   "",              70, "both", 2],
  ["load",    "load_five",     "float",   "",             325, "both", 2],
  ["load",    "load_fifteen",  "float",   "",             950, "both", 2],
  ["process", "proc_run",      "u_int",   "",             950, "both", 0],
  ["process", "proc_total",    "u_int",   "",             950, "both", 0],
  ["memory",  "mem_free",      "u_int",   "KB",           180, "both", 0],
  ["memory",  "mem_shared",    "u_int",   "KB",           180, "both", 0],
  ["memory",  "mem_buffers",   "u_int",   "KB",           180, "both", 0],
  ["memory",  "mem_cached",    "u_int",   "KB",           180, "both", 0],
  ["memory",  "swap_free",     "u_int",   "KB",           180, "both", 0],
  ["core",    "gexec",         "string",  "",             300, "zero", 0],
  ["core",    "heartbeat",     "u_int",   "",              20, "both", 0],
  ["system",  "mtu",           "u_int",   "B",           1200, "both", 0],
  ["core",    "location",      "string",  "",            1200, "both", 0],
];

/** 29 to 35 are also what a 2.5 on Linux and FreeBSD has there. */
// biome-ignore format: a table is read by columns
const ABOVE_28: readonly Row[] = [
  ["network", "bytes_out",     "float",   "bytes/sec",    300, "both", 2],
  ["network", "bytes_in",      "float",   "bytes/sec",    300, "both", 2],
  ["network", "pkts_in",       "float",   "packets/sec",  300, "both", 2],
  ["network", "pkts_out",      "float",   "packets/sec",  300, "both", 2],
  ["disk",    "disk_total",    "double",  "GB",          1200, "both", 3],
  ["disk",    "disk_free",     "double",  "GB",           180, "both", 3],
  ["disk",    "part_max_used", "float",   "%",            180, "both", 1],
  ["cpu",     "cpu_wio",       "float",   "%",             90, "both", 1],
  ["disk",    "bread_sec",     "float",   "1/sec",         90, "both", 2],
  ["disk",    "bwrite_sec",    "float",   "1/sec",         90, "both", 2],
  ["disk",    "lread_sec",     "float",   "1/sec",         90, "both", 2],
  ["disk",    "lwrite_sec",    "float",   "1/sec",         90, "both", 2],
  ["disk",    "rcache",        "float",   "%",             90, "both", 1],
  ["disk",    "wcache",        "float",   "%",             90, "both", 1],
  ["disk",    "phread_sec",    "float",   "1/sec",         90, "both", 2],
  ["disk",    "phwrite_sec",   "float",   "1/sec",         90, "both", 2],
  ["cpu",     "cpu_intr",      "float",   "%",             90, "both", 1],
  ["cpu",     "cpu_sintr",     "float",   "%",             90, "both", 1],
  ["memory",  "mem_arm",       "u_int",   "KB",           180, "both", 0],
  ["memory",  "mem_rm",        "u_int",   "KB",           180, "both", 0],
  ["memory",  "mem_avm",       "u_int",   "KB",           180, "both", 0],
  ["memory",  "mem_vm",        "u_int",   "KB",           180, "both", 0],
];

// biome-ignore format: a table is read by columns
const HPUX_ONLY: readonly Row[] = [
  ["cpu",     "cpu_ssys",      "float",   "%",             90, "both", 1],
  ["cpu",     "cpu_wait",      "float",   "%",             90, "both", 1],
];

/** What 2.5 numbers from 29 on, by name. */
const ORDER_2_5: Readonly<Record<Exclude<LegacySystem, "linux">, readonly string[]>> = Object.freeze({
  solaris: [
    "cpu_wio",
    "bread_sec",
    "bwrite_sec",
    "lread_sec",
    "lwrite_sec",
    "rcache",
    "wcache",
    "phread_sec",
    "phwrite_sec",
  ],
  hpux: ["cpu_intr", "cpu_ssys", "cpu_wait", "mem_arm", "mem_rm", "mem_avm", "mem_vm"],
});

/** @returns the metrics by number from 1 on; at 0 stands nothing. Numbers that a system's 2.5 does not use are 3.0's. */
export function legacyMetrics(system: LegacySystem): readonly (LegacyMetric | undefined)[] {
  const above = system === "linux" ? [] : ORDER_2_5[system].map(rowOf);
  return [undefined, ...[...COMMON, ...above, ...ABOVE_28.slice(above.length)].map(metricOf)];
}

function rowOf(name: string): Row {
  const row = [...ABOVE_28, ...HPUX_ONLY].find((candidate) => candidate[1] === name);
  if (row === undefined) throw new RangeError(`BUG: there is no legacy metric ${name}`);
  return row;
}

function metricOf([group, name, wire, units, tmaxS, slope, decimals]: Row): LegacyMetric {
  const meta: MetricMeta = {
    name,
    type: TYPE_OF[wire],
    units,
    slope,
    tmaxS,
    dmaxS: 0,
    extra: [["GROUP", group]],
  };
  return { wire, decimals, meta };
}
