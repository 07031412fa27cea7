/** Facts about the machine out of the kernel's files. NaN where a file does not tell. */
import { cannotParse, parseCount } from "../parsing.js";

export interface StatFacts {
  /** Epoch seconds. */
  readonly bootTimeS: number;
  readonly cpuCount: number;
}

/** @throws SyntaxError if /proc/stat has no line "btime" or no processor */
export function parseStatFacts(text: string): StatFacts {
  const bootTimeS = parseCount(/^btime (\d+)$/m.exec(text)?.[1]);
  const cpuCount = text.match(/^cpu\d+ /gm)?.length ?? 0;
  if (Number.isNaN(bootTimeS) || cpuCount === 0) {
    throw cannotParse("/proc/stat", text, 'lines such as "cpu0 ..." and "btime 1795294485"');
  }
  return { bootTimeS, cpuCount };
}

/**
 * @param maxFrequency text of cpufreq/scaling_max_freq: kHz; undefined where the driver has none
 * @param cpuinfo the beginning of /proc/cpuinfo: "cpu MHz : 2596.990", "clock : 2500.0MHz" on POWER
 * @returns MHz, cut to whole ones as gmond does
 */
export function parseCpuSpeed(maxFrequency: string | undefined, cpuinfo: string | undefined): number {
  const kiloHertz = parseCount(maxFrequency);
  if (kiloHertz > 0) return Math.floor(kiloHertz / 1_000);
  return parseCount(/^(?:cpu MHz|clock)[ \t]*:[ \t]*(\d+)/m.exec(cpuinfo ?? "")?.[1]);
}

/** What /sys/class/net says of one interface, as text. */
export interface InterfaceFacts {
  /** "0x1003" */
  readonly flags: string | undefined;
  readonly mtu: string | undefined;
}

/** IFF_UP of the kernel's if.h. */
const FLAG_UP = 1;

/** @returns the smallest MTU of all interfaces that are up, bytes; NaN if none is */
export function smallestMtu(interfaces: readonly InterfaceFacts[]): number {
  let smallest = Number.NaN;
  for (const { flags, mtu } of interfaces) {
    const isUp = (Number.parseInt(flags ?? "", 16) & FLAG_UP) !== 0;
    const bytes = parseCount(mtu);
    // NaN loses every comparison, so the first one is taken as it is.
    if (isUp && !(bytes >= smallest) && bytes > 0) smallest = bytes;
  }
  return smallest;
}
