/**
 * kill -9 of a collector under load, again and again on the same state. After each
 * kill every acknowledged sample must be there, of the one frame that was being
 * taken all or nothing, nothing twice, and no file may be broken.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { collectorSchema } from "../../../collector/config.js";
import { Collector } from "../../../collector/pipeline.js";
import { systemClock } from "../../../core/base/clock.js";
import { silentLogger } from "../../../core/base/log.js";
import { nodeLogFiles } from "../../../core/base/record-log-files.js";
import { closeDatabase } from "../../../storage/sqlite/database.js";
import { SqliteArchive } from "../../../storage/sqlite/sqlite-archive.js";
import { compile } from "../../storage/support/compiled.js";
import { openTestDatabase } from "../../storage/support/sqlite.js";
import { SeededRandom } from "../../support/seeded-random.js";
import type { Orders } from "./feeder.js";
import { checkRrdFiles } from "./rrd-files.js";
import { frameOf, frameTimeMs, numberOf, SERIES, textOf } from "./samples.js";

/** Frames before those of the last round that are looked at again. */
const LOOK_BACK = 50;
/** All there is, once in so many rounds. */
const WHOLE_EVERY = 100;

export interface KillReport {
  readonly kills: number;
  /** Samples acknowledged and found. */
  readonly samples: number;
  /** Rows of RRD files that were compared; many of them again and again. */
  readonly rows: number;
  /** Kills in which the frame that was not acknowledged was there all the same. */
  readonly unacknowledged: number;
}

export async function killRounds(rounds: number, seed: number, tell = (_line: string) => {}): Promise<KillReport> {
  const random = new SeededRandom(seed);
  const stateDir = mkdtempSync(join(tmpdir(), "grate-kill-"));
  const compiled = compile("test/collector/kill/feeder.ts", "storage/worker.ts");
  const feeder = fileURLToPath(compiled.url("test/collector/kill/feeder.ts"));
  let [frames, unacknowledged, samples, rows] = [1, 0, 0, 0];
  try {
    for (let round = 0; round < rounds; round++) {
      const firstFrame = frames;
      const orders: Orders = {
        stateDir,
        firstFrame,
        spillEvery: 5 + random.below(60),
        segmentBytesMax: 10_000 + random.below(400_000),
        pauseMs: 1 + random.below(8),
      };
      // Mostly at work; sometimes in the midst of starting, before the first frame.
      const acknowledgements = random.chance(0.1) ? 0 : 1 + random.below(150);
      const acknowledged = await feedAndKill(feeder, orders, acknowledgements, random.below(30));
      const from = round % WHOLE_EVERY === WHOLE_EVERY - 1 || round === rounds - 1 ? 1 : firstFrame - LOOK_BACK;
      frames = await checkState(stateDir, Math.max(1, from), acknowledged);
      rows += checkRrdFiles(join(stateDir, "rrds"));
      unacknowledged += frames - acknowledged;
      samples += (acknowledged - firstFrame) * SERIES.length;
      tell(`round ${round}: ${acknowledged - firstFrame} frames acknowledged, ${frames - 1} in all`);
    }
    return { kills: rounds, samples, rows, unacknowledged };
  } finally {
    compiled.remove();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

/** @returns the number behind the last frame that was acknowledged */
async function feedAndKill(feeder: string, orders: Orders, acknowledgements: number, delayMs: number): Promise<number> {
  const child = spawn(process.execPath, [feeder, JSON.stringify(orders)], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  let next = orders.firstFrame;
  // A start takes some hundred ms.
  if (acknowledgements === 0) setTimeout(() => child.kill("SIGKILL"), delayMs * 30);
  for await (const line of createInterface({ input: child.stdout })) {
    expect(Number(line)).toBe(next);
    next++;
    if (next === orders.firstFrame + acknowledgements) setTimeout(() => child.kill("SIGKILL"), delayMs);
  }
  expect((await exited)[1], "how the process ended").toBe("SIGKILL");
  return next;
}

/** @returns the number behind the last frame that is there */
async function checkState(stateDir: string, from: number, acknowledged: number): Promise<number> {
  const file = join(stateDir, "history.db");
  const db = openTestDatabase(file);
  expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
  const told: string[] = [];
  const logger = Object.assign(Object.create(silentLogger), {
    warn: (fields: object) => told.push(JSON.stringify(fields)),
  });
  const collector = new Collector({
    config: collectorSchema.parse({ window: "3m" }),
    instance: "check",
    clock: { ...systemClock, nowMs: () => frameTimeMs(acknowledged) },
    logger,
    files: nodeLogFiles(join(stateDir, "frames")),
    archive: new SqliteArchive(db, file),
  });
  await collector.start();
  // A torn tail is what a kill may leave; a record that was whole once may not be broken.
  expect(told.filter((line) => !/ends inside its header|bytes less than it claims/.test(line))).toEqual([]);
  let frames = -1;
  for (const [series, { key, isText }] of SERIES.entries()) {
    const found = await collector.history({ key, fromMs: frameTimeMs(from), toMs: frameTimeMs(acknowledged + 10) });
    if (found?.kind === "buckets") throw new Error("BUG: buckets without a step");
    const timesMs = found?.timesMs ?? new Float64Array(0);
    const values = found === undefined ? [] : found.kind === "text" ? found.texts : found.values;
    const end = timesMs.length === 0 ? from : frameOf(timesMs.at(-1) as number) + 1;
    if (frames < 0) frames = end;
    const name = `${key.host}/${key.metric}`;
    expect(end, `frames of ${name}`).toBe(frames);
    expect([acknowledged, acknowledged + 1]).toContain(end);
    expect(timesMs.length, `samples of ${name}`).toBe(end - from);
    const expectedOf = isText ? textOf : numberOf;
    // Half a million comparisons in a torture: a matcher is called for what is wrong.
    for (let i = 0; i < end - from; i++) {
      const [value, wanted, frame] = [values[i], expectedOf(series, from + i), frameOf(timesMs[i] as number)];
      if (value !== wanted || frame !== from + i) expect([frame, value], name).toEqual([from + i, wanted]);
    }
  }
  await collector.stop();
  closeDatabase(db);
  return frames;
}
