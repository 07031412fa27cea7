/** Memory and swap, as gmond's mod_mem names them. All in KB of 1024 bytes, as the kernel prints. */
import type { MetricSpec } from "../probe.js";

const shared = { type: "float", units: "KB", decimals: 0, group: "memory" } as const;
const fixed = { ...shared, slope: "zero", tmaxS: 1200 } as const;
const moving = { ...shared, slope: "both", tmaxS: 180 } as const;

/** A metric and the line of /proc/meminfo that it shows. */
export interface MemorySpec {
  readonly spec: MetricSpec;
  readonly field: string;
  /** Shown where the kernel does not print the line; without it the metric is left out. */
  readonly absentKb?: number;
}

export const MEMORY_SPECS: readonly MemorySpec[] = [
  {
    field: "MemTotal",
    spec: { ...fixed, name: "mem_total", title: "Memory Total", description: "Memory that the kernel can use" },
  },
  {
    field: "MemFree",
    spec: { ...moving, name: "mem_free", title: "Free Memory", description: "Memory in no use at all" },
  },
  {
    field: "MemShared",
    // Linux stopped printing it in 2.5.52 and gmond shows 0 since. Shmem is not put here instead: it is a part of
    // Cached, and ganglia-web subtracts both.
    absentKb: 0,
    spec: { ...moving, name: "mem_shared", title: "Shared Memory", description: "0 on every kernel since 2.5.52" },
  },
  {
    field: "Buffers",
    spec: { ...moving, name: "mem_buffers", title: "Memory Buffers", description: "Cache of block devices" },
  },
  {
    field: "Cached",
    spec: {
      ...moving,
      name: "mem_cached",
      title: "Cached Memory",
      description: "Cache of files, shared memory included",
    },
  },
  {
    field: "MemAvailable",
    spec: {
      ...moving,
      name: "mem_available",
      title: "Available Memory",
      description: "What programs could still get without swapping, as the kernel estimates it",
    },
  },
  {
    field: "Slab",
    spec: { ...moving, name: "mem_slab", title: "Slab Memory", description: "The kernel's own objects" },
  },
  {
    field: "SReclaimable",
    spec: {
      ...moving,
      name: "mem_sreclaimable",
      title: "Reclaimable Slab Memory",
      description: "Objects of the kernel that it gives back when memory is short",
    },
  },
  {
    field: "SwapTotal",
    spec: { ...fixed, name: "swap_total", title: "Swap Space Total", description: "Swap space on all devices" },
  },
  {
    field: "SwapFree",
    spec: { ...moving, name: "swap_free", title: "Free Swap Space", description: "Swap space in no use" },
  },
];
