/**
 * How long a gmond is busy with each client of its TCP port, from accepting to
 * closing: for that long it holds the lock that its receiver needs. Told by
 * strace, which stops gmond at no other call (seccomp), so that what is measured
 * is not the measuring.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../../setup/peers.mjs";
import { type Running, startProcess } from "../../support/rig/process.js";

/** A gmond that only listens, to anybody's unicast packets, and never forgets. */
export function listeningGmondConfig(folder: string, cluster: string): string {
  const file = join(folder, `gmond-${cluster}.conf`);
  const lines = [
    "globals { daemonize = no setuid = no mute = yes deaf = no host_dmax = 0 cleanup_threshold = 300 }",
    `cluster { name = "${cluster}" }`,
    "udp_recv_channel { port = 8649 buffer = 4194304 }",
    "tcp_accept_channel { port = 8649 }",
    'modules { module { name = "core_metrics" } }',
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

/** @param traceFile where strace writes; the gmond ends with its namespace */
export function startTracedGmond(namespace: string, configFile: string, traceFile: string): Running {
  const trace = ["-f", "--seccomp-bpf", "-tt", "-e", "trace=accept,accept4,close", "-o", traceFile];
  const gmond = [findProgram("gmond") ?? "gmond", "-c", configFile, "-f"];
  return startProcess(findProgram("strace") ?? "strace", [...trace, ...gmond], { namespace });
}

export interface Visit {
  /** Address of the client. */
  readonly client: string;
  readonly heldMs: number;
}

/** strace fills a process id of less than five digits up with blanks. */
const LINE = /^(\d+) +(\d\d):(\d\d):(\d\d\.\d+) (.*)$/;
const ACCEPTED = /accept4?[( ].*inet_addr\("([0-9.]+)"\).* = (\d+)$/;
const CLOSED = /^close\((\d+)\b/;

/** Clients whose connection was closed, in their order. */
export function visitsIn(traceFile: string): Visit[] {
  return visitsOf(readFileSync(traceFile, "utf8"));
}

export function visitsOf(trace: string): Visit[] {
  const open = new Map<string, { client: string; atMs: number }>();
  const visits: Visit[] = [];
  for (const text of trace.split("\n")) {
    const [, , hours, minutes, seconds, call = ""] = LINE.exec(text) ?? [];
    const atMs = (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000;
    const accepted = ACCEPTED.exec(call);
    if (accepted !== null) open.set(accepted[2] as string, { client: accepted[1] as string, atMs });
    const closed = CLOSED.exec(call)?.[1] ?? "";
    const visit = open.get(closed);
    if (visit === undefined) continue;
    open.delete(closed);
    visits.push({ client: visit.client, heldMs: atMs - visit.atMs });
  }
  return visits;
}

/** The processor's own share of a visit is noise of the machine; the middle is what counts. */
export function medianMs(visits: readonly Visit[]): number {
  const sorted = visits.map(({ heldMs }) => heldMs).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
