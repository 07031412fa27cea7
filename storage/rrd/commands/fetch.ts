/** `fetch FILE CF [-r RESOLUTION] [-s START] [-e END] [-a]` */
import { withRrdFile } from "../file/rrd-file.js";
import { isCf, type RrdDefinition } from "../format/definition.js";
import { RrdError } from "../rrd-error.js";
import { parseCount } from "../text/duration.js";
import { EPOCH_MIN_S, parseMoment, refersTo } from "../text/moment.js";
import { formatDouble } from "../text/number-format.js";
import { type Arguments, lastValue, parseOptions, refuseDaemon } from "../text/options.js";
import { prefixed } from "../text/prefixed.js";
import type { Command } from "./command.js";
import { fetchRows } from "./fetch-rows.js";

const RULES = {
  start: { short: "s", takesValue: true },
  end: { short: "e", takesValue: true },
  resolution: { short: "r", takesValue: true },
  "align-start": { short: "a", takesValue: false },
  daemon: { short: "d", takesValue: true },
};

export const fetch: Command = (words, context) => {
  const given = parseOptions(words, RULES);
  refuseDaemon(given);
  const resolutionS = prefixed("resolution: ", () => parseCount(lastValue(given, "resolution") ?? "1", 1));
  let { startS, endS } = parseRange(given, Math.floor(context.nowMs() / 1_000));
  if (lastValue(given, "align-start") !== undefined) {
    const backS = startS % resolutionS;
    startS -= backS;
    endS -= backS;
  }
  if (startS < EPOCH_MIN_S) throw new RrdError("the first entry to fetch should be after 1980");
  if (endS < startS) throw new RrdError(`start (${startS}) should be less than end (${endS})`);
  const [path, cf] = given.operands;
  if (path === undefined || cf === undefined) throw new RrdError("Usage: rrdtool fetch <file> <CF> [options]");
  if (!isCf(cf)) throw new RrdError(`unknown consolidation function '${cf}'`);
  return withRrdFile(context.resolvePath(path), "r", path, (file) => {
    const { timesS, values } = fetchRows(file, cf, startS, endS, resolutionS);
    return headline(file.header.definition) + rowLines(timesS, values, file.header.layout.dsCount);
  });
};

function headline({ dataSources }: RrdDefinition): string {
  return `${" ".repeat(11)}${dataSources.map(({ name }) => name.padStart(20)).join("")}\n\n`;
}

function rowLines(timesS: Float64Array, values: Float64Array, dsCount: number): string {
  const parts: string[] = [];
  timesS.forEach((timeS, row) => {
    parts.push(`${String(timeS).padStart(10)}:`);
    for (let ds = 0; ds < dsCount; ds++) parts.push(" ", formatDouble(values[row * dsCount + ds] as number, "-nan"));
    parts.push("\n");
  });
  return parts.join("");
}

/** Start and end may be told by each other: the one that is not is read first. */
function parseRange(given: Arguments, nowS: number): { startS: number; endS: number } {
  const startText = lastValue(given, "start") ?? "end-24h";
  const endText = lastValue(given, "end") ?? "now";
  const refers = refersTo(endText, "start");
  if (refers && refersTo(startText, "end")) {
    throw new RrdError("the start and end times cannot be specified relative to each other");
  }
  const parseStart = (end?: number) =>
    prefixed("start time: ", () => parseMoment(startText, { nowS, ...(end !== undefined && { end }) }));
  const parseEnd = (start?: number) =>
    prefixed("end time: ", () => parseMoment(endText, { nowS, ...(start !== undefined && { start }) }));
  if (refers) {
    const startS = parseStart();
    return { startS, endS: parseEnd(startS) };
  }
  const endS = parseEnd();
  return { startS: parseStart(endS), endS };
}
