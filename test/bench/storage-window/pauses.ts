/**
 * A collector's main loop while it spills, in a process of its own: what a test runner does in the same thread is
 * not in the figures. Before each spill the same is measured for as long with nothing to do: so long are the turns
 * that only this machine makes. Arguments: JSON of Orders. Prints one JSON line a spill.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PerformanceObserver } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { collectorSchema } from "../../../collector/config.js";
import { Collector } from "../../../collector/pipeline.js";
import { systemClock } from "../../../core/base/clock.js";
import { silentLogger } from "../../../core/base/log.js";
import { nodeLogFiles } from "../../../core/base/record-log-files.js";
import type { ClusterDirectory } from "../../../core/model/directory.js";
import { Frame } from "../../../core/model/frame.js";
import { storageSchema } from "../../../storage/config.js";
import { openStorage } from "../../../storage/open.js";
import { EmulatedHosts, POLL_MS } from "../../support/emulated-hosts.js";

export interface Orders {
  /** Of the state; empty. */
  readonly directory: string;
  readonly hosts: number;
  readonly seed: number;
  readonly rras: readonly string[];
  readonly spills: number;
  readonly framesOfSpill: number;
}

interface Turn {
  /** Its length less the time in it that the thread waited for a core. */
  readonly ms: number;
  /** Of these the thread worked; else it waited, for the disk or for helpers in a garbage collection. */
  readonly cpuMs: number;
}

export interface Pauses {
  /** The longest first. */
  readonly longest: readonly Turn[];
  /** 99 % of the turns are no longer. */
  readonly mostMs: number;
  /** Garbage collections above a millisecond, the longest first. They are part of the turns. */
  readonly collectionsMs: readonly number[];
  /** The thread waited for a core, in all. */
  readonly waitedMs: number;
}

export interface SpillPauses {
  /** Given to the collector since the last one. */
  readonly cells: number;
  readonly samples: number;
  readonly seconds: number;
  readonly spill: Pauses;
  readonly idle: Pauses;
}

/** Of epoch time; only that frames follow each other matters. */
const BEGIN_MS = 1_795_289_045_000;

/** Between two frames: sixty times as fast as a cluster is polled. */
const FRAME_PAUSE_MS = 250;

const LONGEST = 5;

/** Since this thread's start: how long it ran, and how long it was ready to and did not get a core. */
function timesOfThread(): { cpuMs: number; queuedMs: number } {
  const [cpuNs, queuedNs] = readFileSync("/proc/thread-self/schedstat", "utf8").split(" ");
  return { cpuMs: Number(cpuNs) / 1e6, queuedMs: Number(queuedNs) / 1e6 };
}

async function watch(isOver: () => boolean): Promise<Pauses> {
  const turns: Turn[] = [];
  const collectionsMs: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) if (duration > 1) collectionsMs.push(duration);
  });
  observer.observe({ entryTypes: ["gc"] });
  const begin = timesOfThread();
  let before = { atMs: performance.now(), ...begin };
  while (!isOver()) {
    await setTimeout(1);
    const now = { atMs: performance.now(), ...timesOfThread() };
    turns.push({ ms: now.atMs - before.atMs - (now.queuedMs - before.queuedMs), cpuMs: now.cpuMs - before.cpuMs });
    before = now;
  }
  // The last entries are handed over in a turn of their own.
  await setTimeout(50);
  observer.disconnect();
  turns.sort((a, b) => b.ms - a.ms);
  return {
    longest: turns.slice(0, LONGEST),
    mostMs: turns[Math.floor(turns.length / 100)]?.ms ?? 0,
    collectionsMs: collectionsMs.sort((a, b) => b - a).slice(0, LONGEST),
    waitedMs: before.queuedMs - begin.queuedMs,
  };
}

async function main(orders: Orders): Promise<void> {
  let nowMs = BEGIN_MS;
  const storage = await openStorage({
    stateDir: orders.directory,
    config: storageSchema.parse({ sqlite: {}, rrd: { rras: orders.rras } }),
    logger: silentLogger,
    clock: systemClock,
    workerUrl: new URL("../../../storage/worker.js", import.meta.url),
  });
  const collector = new Collector({
    config: collectorSchema.parse({ "spill-every": "1h" }),
    instance: "bench",
    clock: { ...systemClock, nowMs: () => nowMs },
    logger: silentLogger,
    files: nodeLogFiles(join(orders.directory, "frames")),
    archive: storage.archive,
  });
  await collector.start();
  const hosts = new EmulatedHosts({ hosts: orders.hosts, seed: orders.seed });
  const directory = collector.directory("c") as ClusterDirectory;
  hosts.describe(directory);
  const frame = new Frame(directory, "bench");
  const counter = (name: string) => collector.health().counters[name] ?? 0;
  let seconds = 2;
  for (let spill = 1; spill <= orders.spills; spill++) {
    for (let i = 0; i < orders.framesOfSpill; i++, nowMs += POLL_MS) {
      hosts.fill(frame, nowMs);
      collector.accept(frame);
      await setTimeout(FRAME_PAUSE_MS);
    }
    await setTimeout(500);
    const idleEndMs = performance.now() + 1_000 * seconds;
    const idle = await watch(() => performance.now() >= idleEndMs);
    const [begin, beginSamples] = [performance.now(), counter("spilledSamples")];
    collector.requestSpill();
    const pauses = await watch(() => counter("spills") >= spill);
    seconds = (performance.now() - begin) / 1_000;
    const told: SpillPauses = {
      cells: orders.framesOfSpill * hosts.cells,
      samples: counter("spilledSamples") - beginSamples,
      seconds,
      spill: pauses,
      idle,
    };
    process.stdout.write(`${JSON.stringify(told)}\n`);
  }
  await collector.stop();
  await storage.close();
}

await main(JSON.parse(process.argv[2] as string) as Orders);
