/**
 * What a packet of the channel costs: 1,000 hosts with 22 metrics each speak over
 * the loopback at 5,000 and 20,000 packets a second, one after the other to
 *
 * - an empty handler of Node, the floor below which no listener in Node can get,
 * - the real gmond, if it is there,
 * - our listener, from the socket to the table of the present.
 *
 * CPU is that of the whole process over all its threads; lost packets are those
 * that the kernel dropped for want of room. Machines and moments differ: compare
 * with the floor. The budget, at 20,000 packets a second, is 6.5 us a packet, 80 MiB
 * of memory and no loss.
 *
 * Hosts come in no order, each with a whole collection group, as real ones do.
 * SECONDS=10 of each rate are measured; GRATE_DIST names another build, NODE_FLAGS
 * goes to Node (`--cpu-prof --cpu-prof-dir=...` writes a profile of ours).
 *
 * Taking a packet by itself, without socket and kernel, cost 0.54 us when every one
 * was decoded and its strings were looked up. Since packets that differ from a known
 * one only in the value are told by comparing octets (packets/shapes.ts), and since
 * the clock is read once for each, it is 0.30 us, of which 0.03 are the table's. All
 * the rest is Node's and the kernel's; at 5,000 a second most of the difference to
 * the floor is that nothing is in the caches any more after each pause.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findProgram } from "../setup/peers.mjs";
import { listenerArguments, tell } from "../support/rig/channel-listener.js";
import { eventually } from "../support/rig/eventually.js";
import { makeEmptyNamespace } from "../support/rig/namespaces.js";
import { startTalking, type Talking } from "../support/rig/talking.js";
import { usageOf } from "../support/rig/usage.js";

const SECONDS = Number(process.env["SECONDS"] ?? 10);
const RIG = join(import.meta.dirname, "../support/rig");
const HOSTS = 1_000;
const RATES = [5_000, 20_000] as const;
const PORT = 18_649;
const BUDGET_US = 6.5;
const BUDGET_MIB = 80;

const SOURCE = { cluster: "bench", listen: `127.0.0.1:${PORT}` };

interface Figures {
  readonly name: string;
  readonly rate: number;
  readonly us: number;
  readonly mebibytes: number;
  readonly lost: number;
}

test("what a packet costs", { timeout: 300_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-bench-"));
  const machine = makeEmptyNamespace();
  try {
    const figures: Figures[] = [];
    const node = [...(process.env["NODE_FLAGS"]?.split(" ") ?? [])];
    for (const [name, program, args] of receivers(folder, node)) {
      figures.push(...(await measure(name, machine.namespace, program, args)));
    }
    report(figures);
    const fast = figures.filter(({ name, rate }) => name === "ours" && rate === RATES[1]);
    expect(fast.map(({ lost }) => lost)).toEqual([0]);
  } finally {
    machine.remove();
    rmSync(folder, { recursive: true, force: true });
  }
});

function receivers(folder: string, flags: readonly string[]): [name: string, program: string, args: string[]][] {
  const node = (script: string, ...args: string[]) => [...flags, join(RIG, script), ...args];
  const gmond = findProgram("gmond");
  return [
    ["floor", process.execPath, node("channel-floor.mjs", String(PORT))],
    ...(gmond === undefined ? [] : [["gmond", gmond, ["-c", gmondFile(folder), "-f"]] as [string, string, string[]]]),
    ["ours", process.execPath, [...flags, ...listenerArguments(SOURCE)]],
  ];
}

/** Receives only, so that all its work is the packets'. */
function gmondFile(folder: string): string {
  const file = join(folder, "gmond.conf");
  writeFileSync(
    file,
    `globals { daemonize = no setuid = no mute = yes deaf = no host_dmax = 0 }
cluster { name = "bench" }
udp_recv_channel { port = ${PORT} bind = 127.0.0.1 buffer = ${4 * 2 ** 20} }
tcp_accept_channel { port = ${PORT} bind = 127.0.0.1 }
modules { module { name = "core_metrics" } }
`,
  );
  return file;
}

async function measure(name: string, namespace: string, program: string, args: string[]): Promise<Figures[]> {
  const receiver = startTalking(program, args, namespace);
  const load = startTalking(process.execPath, [join(RIG, "channel-load.mjs"), String(PORT), String(HOSTS)], namespace);
  try {
    await load.line("ready");
    const pid = await eventually("a bound port", 20_000, () => boundBy(receiver));
    // Metadata first, as after a restart of all gmonds, then values until everything is warm.
    await load.ask("metadata 5000", "done");
    await load.ask("values 20000 3", "done");
    const figures: Figures[] = [];
    for (const rate of RATES) {
      const dropsBefore = drops(pid);
      const before = usageOf(pid);
      const sent = Number(await load.ask(`values ${rate} ${SECONDS}`, "done"));
      const after = usageOf(pid);
      const lost = drops(pid) - dropsBefore;
      const us = ((after.cpuMs - before.cpuMs) * 1_000) / (sent - lost);
      figures.push({ name, rate, us, mebibytes: after.rssBytes / 2 ** 20, lost });
    }
    if (name === "ours") {
      expect(await tell(receiver)).toMatchObject({ malformed: 0, dropped: 0, heldForName: 0, heldForMetadata: 0 });
    }
    return figures;
  } finally {
    await load.end();
    await receiver.end();
  }
}

/** The process behind `ip netns exec`, which replaces itself. @throws while the port is not bound */
function boundBy(receiver: Talking): number {
  const { pid } = receiver;
  drops(pid);
  return pid;
}

/** Datagrams that the kernel could not keep for the port. @throws where nobody has it */
function drops(pid: number): number {
  const port = PORT.toString(16).toUpperCase().padStart(4, "0");
  const line = readFileSync(`/proc/${pid}/net/udp`, "utf8")
    .split("\n")
    .find((text) => text.trim().split(/\s+/)[1]?.endsWith(`:${port}`));
  if (line === undefined) throw new Error(`nobody receives on port ${PORT}`);
  return Number(line.trim().split(/\s+/).at(-1));
}

function report(figures: readonly Figures[]): void {
  process.stdout.write("receiver  packets/s  us a packet  of the floor  MiB  lost\n");
  for (const { name, rate, us, mebibytes, lost } of figures) {
    const floor = figures.find((other) => other.name === "floor" && other.rate === rate)?.us ?? Number.NaN;
    const cells = [name.padEnd(8), String(rate).padStart(10), us.toFixed(2).padStart(12)];
    const rest = [(us / floor).toFixed(2).padStart(13), mebibytes.toFixed(0).padStart(4), String(lost).padStart(6)];
    process.stdout.write(`${[...cells, ...rest].join(" ")}\n`);
  }
  process.stdout.write(`budget at ${RATES[1]} packets/s: ${BUDGET_US} us, ${BUDGET_MIB} MiB, nothing lost\n`);
}
