/** Counts of processes, as gmond's mod_proc names them. */
import type { MetricSpec } from "../probe.js";

const shared = { type: "uint32", units: " ", slope: "both", tmaxS: 950, decimals: 0, group: "process" } as const;

export const PROC_RUN: MetricSpec = {
  ...shared,
  name: "proc_run",
  title: "Total Running Processes",
  description: "Tasks that run or wait to run, the sensor itself left out",
};

export const PROC_TOTAL: MetricSpec = {
  ...shared,
  name: "proc_total",
  title: "Total Processes",
  description: "All tasks, threads counted one by one",
};
