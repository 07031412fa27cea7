/**
 * `grate rrd`: the RRD engine as a tool, with the commands, the output and the pipe of rrdtool,
 * so that scripts written for that run with this.
 */
import { once } from "node:events";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Clock, systemClock } from "../../core/base/clock.js";
import { EXIT, messageOf } from "../../core/base/errors.js";
import { DAEMON_ADDRESS_EXPECTED, parseDaemonAddress } from "../rrd/archive/daemon/daemon-address.js";
import type { CommandContext } from "../rrd/commands/command.js";
import { COMMANDS } from "../rrd/commands/list.js";
import { LINE_LENGTH_MAX, RrdPipe } from "../rrd/commands/pipe.js";
import { RrdError } from "../rrd/rrd-error.js";
import { takeOver } from "../rrd/takeover/takeover.js";
import { rrdHelp } from "./rrd-help.js";

/** @param words of the command line after "rrd" @returns the exit code */
export async function rrd(words: readonly string[]): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined) {
    process.stderr.write(rrdHelp());
    return EXIT.usage;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(rrdHelp(rest[0]));
    return EXIT.ok;
  }
  if (rest.includes("--help") && (COMMANDS.has(name) || name === "takeover" || name === "-")) {
    process.stdout.write(rrdHelp(name));
    return EXIT.ok;
  }
  if (name === "-") return runPipe(systemClock);
  if (name === "takeover") return runTakeover(rest);
  const command = COMMANDS.get(name);
  if (command === undefined) {
    process.stderr.write(
      `grate: unknown command 'rrd ${name}', expected one of ${[...COMMANDS.keys(), "takeover"].join(", ")}\n`,
    );
    return EXIT.usage;
  }
  try {
    process.stdout.write(command(rest, { ...contextOf(systemClock), resolvePath: (path) => resolve(path) }));
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof RrdError)) throw error;
    process.stdout.write(error.output);
    process.stderr.write(`ERROR: ${error.message}\n`);
    return EXIT.runtime;
  }
}

async function runTakeover(words: readonly string[]): Promise<number> {
  let directory: string | undefined;
  let waitMs: number | undefined;
  let isDryRun: boolean;
  let rrdcached: string | undefined;
  try {
    const options = {
      "dry-run": { type: "boolean", default: false },
      wait: { type: "string" },
      rrdcached: { type: "string" },
    } as const;
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true });
    [directory] = positionals;
    isDryRun = values["dry-run"];
    if (directory === undefined || positionals.length !== 1) throw new Error("expected one directory");
    if (values.wait !== undefined) {
      if (!/^\d{1,4}$/.test(values.wait)) throw new Error(`--wait '${values.wait}', expected seconds up to 9999`);
      waitMs = Number(values.wait) * 1_000;
    }
    rrdcached = values.rrdcached;
    if (rrdcached !== undefined && parseDaemonAddress(rrdcached) === undefined) {
      throw new Error(`--rrdcached '${rrdcached}', ${DAEMON_ADDRESS_EXPECTED}`);
    }
  } catch (error) {
    process.stderr.write(`grate: rrd takeover: ${messageOf(error)}\n`);
    return EXIT.usage;
  }
  try {
    process.stdout.write(await takeOver({ directory, isDryRun, waitMs, rrdcached, clock: systemClock }));
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof RrdError)) throw error;
    process.stderr.write(`grate: ${error.message}\n`);
    return EXIT.runtime;
  }
}

function contextOf(clock: Clock): Omit<CommandContext, "resolvePath"> {
  return { nowMs: () => clock.nowMs(), random: (below) => Math.floor(Math.random() * below) };
}

async function runPipe(clock: Clock): Promise<number> {
  const startMs = clock.monotonicMs();
  const pipe = new RrdPipe({
    context: contextOf(clock),
    directory: process.cwd(),
    times: () => {
      const { user, system } = process.cpuUsage();
      return { userS: user / 1e6, systemS: system / 1e6, realS: (clock.monotonicMs() - startMs) / 1_000 };
    },
  });
  let pending = "";
  for await (const text of process.stdin.setEncoding("utf8")) {
    const lines = (pending + text).split("\n");
    // The end of an endless line is not kept: one character beyond the limit is enough to refuse it.
    pending = (lines.pop() as string).slice(0, LINE_LENGTH_MAX + 1);
    for (const line of lines) if (!(await answer(pipe, line))) return EXIT.ok;
  }
  if (pending !== "") await answer(pipe, pending);
  return EXIT.ok;
}

/** @returns false where the pipe is to be closed */
async function answer(pipe: RrdPipe, line: string): Promise<boolean> {
  const text = pipe.answer(line);
  if (text === undefined) return false;
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
  return true;
}
