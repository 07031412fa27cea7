/**
 * The process that is killed: a collector with its log, its window, the SQLite
 * store and RRD files, fed fast. Says on stdout the number of each frame
 * that it has accepted. Its only argument is JSON, see Orders.
 */
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { collectorSchema } from "../../../collector/config.js";
import { Collector } from "../../../collector/pipeline.js";
import { type Clock, systemClock } from "../../../core/base/clock.js";
import { silentLogger } from "../../../core/base/log.js";
import { nodeLogFiles } from "../../../core/base/record-log-files.js";
import { Frame } from "../../../core/model/frame.js";
import { storageSchema } from "../../../storage/config.js";
import { openStorage } from "../../../storage/open.js";
import { CLUSTER, frameTimeMs, numberOf, RRD_CONFIG, SERIES, textOf } from "./samples.js";

export interface Orders {
  readonly stateDir: string;
  readonly firstFrame: number;
  /** A spill is asked for each so many frames. */
  readonly spillEvery: number;
  readonly segmentBytesMax: number;
  /** Between two frames; without one a spill hardly ever comes to its end. */
  readonly pauseMs: number;
}

const orders = JSON.parse(process.argv[2] ?? "{}") as Orders;
let nowMs = frameTimeMs(orders.firstFrame);
const clock: Clock = { ...systemClock, nowMs: () => nowMs };
const config = storageSchema.parse({ sqlite: {}, rrd: RRD_CONFIG });
const options = { stateDir: orders.stateDir, config, clock, logger: silentLogger };
const storage = await openStorage(options);
const collector = new Collector({
  config: collectorSchema.parse({ window: "3m", sync: "100ms" }),
  instance: "killed",
  clock,
  logger: silentLogger,
  files: nodeLogFiles(join(orders.stateDir, "frames")),
  archive: storage.archive,
  tuning: { samplesPerPart: 4_000, segmentBytesMax: orders.segmentBytesMax },
});
await collector.start();
const directory = collector.directory(CLUSTER);
if (directory === undefined) throw new Error("BUG: the cluster is refused");
const places = SERIES.map(({ key, isText }) => [
  directory.row(key.host),
  directory.column(key.metric, isText ? "text" : "number"),
]) as [number, number][];
const frame = new Frame(directory, "feeder");
for (let number = orders.firstFrame; ; number++) {
  nowMs = frameTimeMs(number);
  frame.clear();
  frame.timeMs = nowMs;
  for (const [series, [row, column]] of places.entries()) {
    if (SERIES[series]?.isText === true) frame.pushText(row, column, textOf(series, number), nowMs);
    else frame.pushNumber(row, column, numberOf(series, number), nowMs, 2);
  }
  collector.accept(frame);
  // To a pipe this is a write(2) of its own: who reads it knows that accept has returned.
  process.stdout.write(`${number}\n`);
  if (number % orders.spillEvery === 0) collector.requestSpill();
  await setTimeout(orders.pauseMs);
}
