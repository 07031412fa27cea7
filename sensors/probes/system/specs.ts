/** What this machine is, as gmond's mod_sys and mod_cpu name it. */
import type { MetricSpec } from "../probe.js";

const number = { type: "uint32", tmaxS: 1200, decimals: 0 } as const;
const text = { type: "string", units: "", slope: "zero", tmaxS: 1200, decimals: 0, group: "system" } as const;

export const BOOTTIME: MetricSpec = {
  ...number,
  name: "boottime",
  units: "s",
  slope: "zero",
  group: "system",
  title: "Last Boot Time",
  description: "When the machine was started, seconds since 1970",
};

export const SYS_CLOCK: MetricSpec = {
  ...number,
  name: "sys_clock",
  units: "s",
  slope: "zero",
  group: "system",
  title: "System Clock",
  description: "The machine's own clock, seconds since 1970",
};

export const MACHINE_TYPE: MetricSpec = {
  ...text,
  name: "machine_type",
  title: "Machine Type",
  description: "Architecture of the processor",
};

export const OS_NAME: MetricSpec = {
  ...text,
  name: "os_name",
  title: "Operating System",
  description: "Name of the operating system",
};

export const OS_RELEASE: MetricSpec = {
  ...text,
  name: "os_release",
  title: "Operating System Release",
  description: "Version of the kernel",
};

export const MTU: MetricSpec = {
  ...number,
  name: "mtu",
  // gmond's default configuration does not collect it; where it is collected it comes without units.
  units: "",
  slope: "both",
  group: "system",
  title: "Maximum Transmission Unit",
  description: "Smallest of all interfaces that are up, bytes",
};

export const CPU_NUM: MetricSpec = {
  ...number,
  name: "cpu_num",
  type: "uint16",
  units: "CPUs",
  slope: "zero",
  group: "cpu",
  title: "CPU Count",
  description: "Processors that are online, threads counted one by one",
};

export const CPU_SPEED: MetricSpec = {
  ...number,
  name: "cpu_speed",
  units: "MHz",
  slope: "zero",
  group: "cpu",
  title: "CPU Speed",
  description: "Highest clock rate of the first processor",
};
