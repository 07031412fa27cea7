/** How the CPUs spend their time, as gmond's mod_cpu names it. */
import type { MetricSpec } from "../probe.js";
import type { CpuTimes } from "./parse.js";

const shared = { type: "float", units: "%", slope: "both", tmaxS: 90, decimals: 1, group: "cpu" } as const;

/** A metric and the states of the kernel that it adds up. */
export interface CpuShareSpec {
  readonly spec: MetricSpec;
  readonly states: readonly (keyof CpuTimes)[];
}

export const CPU_SHARES: readonly CpuShareSpec[] = [
  {
    states: ["user"],
    spec: { ...shared, name: "cpu_user", title: "CPU User", description: "Time in programs, guests included" },
  },
  {
    states: ["nice"],
    spec: { ...shared, name: "cpu_nice", title: "CPU Nice", description: "Time in programs of low priority" },
  },
  {
    // gmond counts both kinds of interrupts into it as well as apart.
    states: ["system", "irq", "softirq"],
    spec: {
      ...shared,
      name: "cpu_system",
      title: "CPU System",
      description: "Time in the kernel, interrupts included",
    },
  },
  {
    states: ["idle"],
    spec: {
      ...shared,
      name: "cpu_idle",
      title: "CPU Idle",
      description: "Time with nothing to do and no disk to wait for",
    },
  },
  {
    states: ["iowait"],
    spec: { ...shared, name: "cpu_wio", title: "CPU wio", description: "Time with nothing to do but wait for a disk" },
  },
  {
    states: ["irq"],
    spec: { ...shared, name: "cpu_intr", title: "CPU intr", description: "Time in hardware interrupts" },
  },
  {
    states: ["softirq"],
    spec: { ...shared, name: "cpu_sintr", title: "CPU sintr", description: "Time in software interrupts" },
  },
  {
    states: ["steal"],
    spec: { ...shared, name: "cpu_steal", title: "CPU steal", description: "Time that a hypervisor gave to others" },
  },
];

export const CPU_AIDLE: MetricSpec = {
  ...shared,
  name: "cpu_aidle",
  tmaxS: 3800,
  title: "CPU aidle",
  description: "Idle share of all time since boot",
};
