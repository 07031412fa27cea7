/** Disk space, as gmond's mod_disk names it. A GB is 10^9 bytes here. */
import type { MetricSpec } from "../probe.js";

const shared = { slope: "both", group: "disk" } as const;

export const DISK_TOTAL: MetricSpec = {
  ...shared,
  name: "disk_total",
  type: "double",
  units: "GB",
  tmaxS: 1200,
  decimals: 3,
  title: "Total Disk Space",
  description: "Size of all local file systems together",
};

export const DISK_FREE: MetricSpec = {
  ...shared,
  name: "disk_free",
  type: "double",
  units: "GB",
  tmaxS: 180,
  decimals: 3,
  title: "Disk Space Available",
  description: "What users can still write on all local file systems together",
};

export const PART_MAX_USED: MetricSpec = {
  ...shared,
  name: "part_max_used",
  type: "float",
  units: "%",
  tmaxS: 180,
  decimals: 1,
  title: "Maximum Disk Space Used",
  description: "How full the fullest local file system is",
};
