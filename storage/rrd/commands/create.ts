/** `create FILE [--start T] [--step S] [--no-overwrite] DS:... RRA:...` */
import { existsSync } from "node:fs";
import { createRrdFile } from "../file/create-file.js";
import { RrdError } from "../rrd-error.js";
import { parseDefinitions } from "../text/definitions.js";
import { parseCount } from "../text/duration.js";
import { EPOCH_MIN_S, parseMoment } from "../text/moment.js";
import { lastValue, parseOptions, refuseDaemon } from "../text/options.js";
import { prefixed } from "../text/prefixed.js";
import type { Command } from "./command.js";

const DEFAULT_STEP_S = 300;
/** A new file begins a little before now, so that a first update can be given at once. */
const DEFAULT_START_BACK_S = 10;

const RULES = {
  start: { short: "b", takesValue: true },
  step: { short: "s", takesValue: true },
  template: { short: "t", takesValue: true },
  source: { short: "r", takesValue: true },
  "no-overwrite": { short: "O", takesValue: false },
  daemon: { short: "d", takesValue: true },
};

export const create: Command = (words, context) => {
  const given = parseOptions(words, RULES);
  refuseDaemon(given);
  for (const name of ["template", "source"] as const) {
    if (lastValue(given, name) !== undefined)
      throw new RrdError(`--${name} is not supported: expected DS: and RRA: definitions`);
  }
  const [path, ...definitions] = given.operands;
  if (path === undefined) throw new RrdError("missing file name");
  const stepS = prefixed("step size: ", () => parseCount(lastValue(given, "step") ?? String(DEFAULT_STEP_S), 1));
  const nowS = Math.floor(context.nowMs() / 1_000);
  const startText = lastValue(given, "start");
  const startS =
    startText === undefined
      ? nowS - DEFAULT_START_BACK_S
      : prefixed("start time: ", () => parseMoment(startText, { nowS }));
  if (startS < EPOCH_MIN_S) throw new RrdError("the first entry to the RRD should be after 1980");
  const { dataSources, archives } = parseDefinitions(definitions, stepS);
  const file = context.resolvePath(path);
  if (lastValue(given, "no-overwrite") !== undefined && existsSync(file)) {
    throw new RrdError(`creating '${path}': File exists`);
  }
  createRrdFile(file, { stepS, dataSources, archives }, startS, context.random);
  return "";
};
