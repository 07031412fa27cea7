/** rrdtool and rrdcached with the same files and samples. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findProgram } from "../../setup/peers.mjs";
import { eventually } from "../../support/rig/eventually.js";
import { type Running, startProcess } from "../../support/rig/process.js";
import { usageOf } from "../../support/rig/usage.js";
import type { Cost } from "./cost.js";
import { RRAS, START_S, STEP_S, sampleTimes, sampleValues } from "./samples.js";

/** Lines for rrdtool's pipe that make the files. */
export function createLines(paths: readonly string[]): string[] {
  for (const path of paths) mkdirSync(dirname(path), { recursive: true });
  return paths.map(
    (path) => `create ${path} --start ${START_S} --step ${STEP_S} DS:sum:GAUGE:120:U:U ${RRAS.join(" ")}\n`,
  );
}

/** @param perLine samples of a file in one command */
export function updateLines(paths: readonly string[], spill: number, perLine: number): string[] {
  const times = sampleTimes(spill);
  return paths.flatMap((path, file) => {
    const updates = Array.from(sampleValues(spill, file), (value, i) => `${times[i]}:${value}`);
    return Array.from(
      { length: Math.ceil(updates.length / perLine) },
      (_, i) => `update ${path} ${updates.slice(i * perLine, (i + 1) * perLine).join(" ")}\n`,
    );
  });
}

/** The lines come from a file, so that nobody waits for our writing. @throws Error if it refuses one */
export async function rrdtoolCost(lines: readonly string[]): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), "grate-bench-rrd-"));
  const input = join(folder, "lines");
  writeFileSync(input, lines.join(""));
  const startMs = performance.now();
  // Whoever has waited for it knows its CPU time: the second line of times is that of children.
  const script = 'rrdtool - < "$1" | grep -v "^OK"; times';
  const child = spawn("sh", ["-c", script, "sh", input], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (text) => {
    output += text;
  });
  await once(child, "close");
  const wallMs = performance.now() - startMs;
  rmSync(folder, { recursive: true });
  const [, minutes, seconds, sysMinutes, sysSeconds] =
    /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s\n$/m.exec(output.split("\n").slice(1).join("\n")) ?? [];
  if (sysSeconds === undefined || output.includes("ERROR")) throw new Error(`rrdtool: ${output.slice(0, 300)}`);
  const cpuS = 60 * (Number(minutes) + Number(sysMinutes)) + Number(seconds) + Number(sysSeconds);
  return { wallMs, cpuMs: cpuS * 1e3 };
}

export class Rrdcached {
  readonly #running: Running;
  readonly #folder: string;
  /** One for all: each has a thread there, and what an ended thread has used is not told. */
  readonly #socket: Socket;
  #answer = "";
  #settle: () => void = () => {};

  private constructor(running: Running, folder: string, socket: Socket) {
    this.#running = running;
    this.#folder = folder;
    this.#socket = socket;
    socket.on("data", (part: string) => {
      this.#answer += part;
      this.#settle();
    });
  }

  static async start(): Promise<Rrdcached> {
    const folder = mkdtempSync(join(tmpdir(), "grate-bench-rrdcached-"));
    const path = join(folder, "socket");
    const args = ["-g", "-l", `unix:${path}`, "-p", join(folder, "pid"), "-b", folder, "-w", "3600", "-f", "7200"];
    const running = startProcess(findProgram("rrdcached") ?? "rrdcached", args);
    const socket = await eventually("rrdcached's socket", 20_000, async () => {
      const trying = connect(path).setEncoding("utf8");
      await once(trying, "connect");
      return trying;
    });
    return new Rrdcached(running, folder, socket);
  }

  /** Takes the updates into its memory. @param lines of updateLines */
  batch(lines: readonly string[]): Promise<Cost> {
    const text = `BATCH\n${lines.map((line) => line.replace("update", "UPDATE")).join("")}.\n`;
    return this.#cost(() => this.#ask(text, /^0 Go ahead.*\n(\d+) errors\n/));
  }

  /** Brings to the files what it holds of them. */
  flush(paths: readonly string[]): Promise<Cost> {
    const text = paths.map((path) => `FLUSH ${path}\n`).join("");
    return this.#cost(() => this.#ask(text, new RegExp(`^(-?\\d+ .*\\n){${paths.length}}`)));
  }

  async end(): Promise<void> {
    this.#socket.destroy();
    await this.#running.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #cost(work: () => Promise<void>): Promise<Cost> {
    const pid = this.#running.child.pid as number;
    const [startMs, { cpuMs }] = [performance.now(), usageOf(pid)];
    await work();
    return { wallMs: performance.now() - startMs, cpuMs: usageOf(pid).cpuMs - cpuMs };
  }

  /** @throws Error if it refuses something */
  async #ask(text: string, whole: RegExp): Promise<void> {
    this.#answer = "";
    const answered = new Promise<void>((resolve) => {
      this.#settle = () => {
        if (whole.test(this.#answer)) resolve();
      };
    });
    this.#socket.write(text);
    await answered;
    if (/^-|^[1-9]\d* errors/m.test(this.#answer)) throw new Error(`rrdcached: ${this.#answer.slice(0, 300)}`);
  }
}
