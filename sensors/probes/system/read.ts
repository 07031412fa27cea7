/** The files behind the facts about the machine. */
import { join } from "node:path";
import { listFolder, readHead, readOptional, readText } from "../files.js";
import type { Roots } from "../probe.js";
import type { InterfaceFacts } from "./parse.js";

export function readStat(roots: Roots): Promise<string> {
  return readText(join(roots.procfs, "stat"));
}

/** @param name "ostype" or "osrelease" */
export function readKernelName(roots: Roots, name: "ostype" | "osrelease"): Promise<string | undefined> {
  return readOptional(join(roots.procfs, "sys/kernel", name));
}

export function readMaxFrequency(roots: Roots): Promise<string | undefined> {
  return readOptional(join(roots.sysfs, "devices/system/cpu/cpu0/cpufreq/scaling_max_freq"));
}

/** The first processor is enough: the whole file of a large machine takes the kernel milliseconds to write. */
const FIRST_PROCESSOR_BYTES = 4096;

export function readCpuinfoHead(roots: Roots): Promise<string | undefined> {
  return readHead(join(roots.procfs, "cpuinfo"), FIRST_PROCESSOR_BYTES);
}

export async function readInterfaces(roots: Roots): Promise<InterfaceFacts[]> {
  const folder = join(roots.sysfs, "class/net");
  const facts: InterfaceFacts[] = [];
  for (const name of await listFolder(folder)) {
    const flags = await readOptional(join(folder, name, "flags"));
    facts.push({ flags, mtu: await readOptional(join(folder, name, "mtu")) });
  }
  return facts;
}
