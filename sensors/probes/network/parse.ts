/** /proc/net/dev: "  eth0: 339563635    9538    0 ...", sixteen counts behind each interface. */
import { cannotParse, parseCount, words } from "../parsing.js";

/** Counted since the interface came up, or what was added between two readings. */
export interface Traffic {
  readonly bytesIn: number;
  readonly packetsIn: number;
  readonly bytesOut: number;
  readonly packetsOut: number;
}

/** Traffic by interface. */
export type Interfaces = ReadonlyMap<string, Traffic>;

/** @throws SyntaxError if the heading is missing or an interface has fewer counts than ten */
export function parseInterfaces(text: string): Interfaces {
  const lines = text.split("\n");
  if (!lines[0]?.startsWith("Inter-|")) throw cannotParse("/proc/net/dev", text, 'a heading beginning with "Inter-|"');
  const interfaces = new Map<string, Traffic>();
  for (const line of lines.slice(2)) {
    if (line.trim() === "") continue;
    // Aliases such as "eth0:1" have a colon of their own; the counts never do.
    const colon = line.lastIndexOf(":");
    const name = line.slice(0, colon).trim();
    const counts = words(line.slice(colon + 1)).map(parseCount);
    const [bytesIn, packetsIn] = counts;
    const [bytesOut, packetsOut] = counts.slice(8);
    if (colon < 1 || !isCount(bytesIn) || !isCount(packetsIn) || !isCount(bytesOut) || !isCount(packetsOut)) {
      throw cannotParse("a line of /proc/net/dev", line, "a name, a colon and sixteen counts");
    }
    if (isCounted(name)) interfaces.set(name, { bytesIn, packetsIn, bytesOut, packetsOut });
  }
  return interfaces;
}

/**
 * As gmond chooses: everything but the loopback, and not bonds, whose traffic
 * stands at the interfaces below them already.
 */
export function isCounted(name: string): boolean {
  return name !== "lo" && !name.startsWith("bond");
}

/**
 * What was added on all interfaces that were there both times. One that has just
 * come counts from now on: what it shows may be older than the last reading.
 * @returns undefined if a counter went back: the interface was reset, and the sum would be wrong
 */
export function trafficBetween(before: Interfaces, after: Interfaces): Traffic | undefined {
  const sum = { bytesIn: 0, packetsIn: 0, bytesOut: 0, packetsOut: 0 };
  for (const [name, now] of after) {
    const then = before.get(name);
    if (then === undefined) continue;
    for (const counter of Object.keys(sum) as (keyof Traffic)[]) {
      const added = now[counter] - then[counter];
      if (added < 0) return undefined;
      sum[counter] += added;
    }
  }
  return sum;
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && !Number.isNaN(value);
}
