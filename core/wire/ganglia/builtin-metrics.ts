/**
 * What gmond 3.7 says of the metrics it brings itself. A default gmond tells
 * this only when it starts, so one who listens later needs it from elsewhere.
 */
import type { MetricMeta, MetricType, Slope } from "../../model/metric.js";

export interface BuiltinMetric {
  readonly name: string;
  readonly type: MetricType;
  readonly units: string;
  readonly tmaxS: number;
  readonly slope: Slope;
  readonly group: string;
}

function metric(
  group: string,
  name: string,
  type: MetricType,
  units: string,
  tmaxS: number,
  slope: Slope,
): BuiltinMetric {
  return Object.freeze({ name, type, units, tmaxS, slope, group });
}

// biome-ignore format: a table is read by columns
export const BUILTIN_METRICS: readonly BuiltinMetric[] = Object.freeze([
  metric("core",    "gexec",           "string", "",            300,   "zero"),
  metric("core",    "heartbeat",       "uint32", "",            20,    "unspecified"),
  metric("core",    "location",        "string", "(x,y,z)",     1200,  "unspecified"),

  metric("cpu",     "cpu_num",         "uint16", "CPUs",        1200,  "zero"),
  metric("cpu",     "cpu_speed",       "uint32", "MHz",         1200,  "zero"),
  metric("cpu",     "cpu_user",        "float",  "%",           90,    "both"),
  metric("cpu",     "cpu_nice",        "float",  "%",           90,    "both"),
  metric("cpu",     "cpu_system",      "float",  "%",           90,    "both"),
  metric("cpu",     "cpu_idle",        "float",  "%",           90,    "both"),
  metric("cpu",     "cpu_wio",         "float",  "%",           90,    "both"),
  metric("cpu",     "cpu_intr",        "float",  "%",           90,    "both"),
  metric("cpu",     "cpu_sintr",       "float",  "%",           90,    "both"),
  metric("cpu",     "cpu_steal",       "float",  "%",           90,    "both"),
  metric("cpu",     "cpu_guest",       "float",  "%",           90,    "both"),
  metric("cpu",     "cpu_gnice",       "float",  "%",           90,    "both"),
  metric("cpu",     "cpu_aidle",       "float",  "%",           3800,  "both"),

  metric("disk",    "disk_total",      "double", "GB",          1200,  "both"),
  metric("disk",    "disk_free",       "double", "GB",          180,   "both"),
  metric("disk",    "part_max_used",   "float",  "%",           180,   "both"),

  metric("load",    "load_one",        "float",  " ",           70,    "both"),
  metric("load",    "load_five",       "float",  " ",           325,   "both"),
  metric("load",    "load_fifteen",    "float",  " ",           950,   "both"),

  metric("memory",  "mem_total",       "float",  "KB",          1200,  "zero"),
  metric("memory",  "swap_total",      "float",  "KB",          1200,  "zero"),
  metric("memory",  "mem_free",        "float",  "KB",          180,   "both"),
  metric("memory",  "mem_shared",      "float",  "KB",          180,   "both"),
  metric("memory",  "mem_buffers",     "float",  "KB",          180,   "both"),
  metric("memory",  "mem_cached",      "float",  "KB",          180,   "both"),
  metric("memory",  "mem_sreclaimable", "float", "KB",          180,   "both"),
  metric("memory",  "mem_slab",        "float",  "KB",          180,   "both"),
  metric("memory",  "mem_available",   "float",  "KB",          180,   "both"),
  metric("memory",  "swap_free",       "float",  "KB",          180,   "both"),

  metric("network", "bytes_in",        "float",  "bytes/sec",   300,   "both"),
  metric("network", "bytes_out",       "float",  "bytes/sec",   300,   "both"),
  metric("network", "pkts_in",         "float",  "packets/sec", 300,   "both"),
  metric("network", "pkts_out",        "float",  "packets/sec", 300,   "both"),

  metric("process", "proc_run",        "uint32", " ",           950,   "both"),
  metric("process", "proc_total",      "uint32", " ",           950,   "both"),

  metric("system",  "boottime",        "uint32", "s",           1200,  "zero"),
  metric("system",  "sys_clock",       "uint32", "s",           1200,  "zero"),
  metric("system",  "machine_type",    "string", "",            1200,  "zero"),
  metric("system",  "os_name",         "string", "",            1200,  "zero"),
  metric("system",  "os_release",      "string", "",            1200,  "zero"),
  metric("system",  "mtu",             "uint32", "B",           1200,  "both"),
]);

/** @returns metadata as a document would carry it, with the group as its only extra pair */
export function builtinMeta(builtin: BuiltinMetric): MetricMeta {
  const { name, type, units, tmaxS, slope, group } = builtin;
  return { name, type, units, slope, tmaxS, dmaxS: 0, extra: [["GROUP", group]] };
}
