/** `update FILE [--template A:B] [--skip-past-updates] TIME:VALUE[:VALUE...] ...` */
import { RrdMachine } from "../arithmetic/machine.js";
import { parseNumber } from "../arithmetic/number-text.js";
import { PendingRows } from "../arithmetic/pending-rows.js";
import { takeReadings } from "../arithmetic/readings.js";
import { RrdState } from "../arithmetic/state.js";
import { withRrdFile } from "../file/rrd-file.js";
import { readLive, writeLive } from "../format/live.js";
import { RrdError } from "../rrd-error.js";
import { parseMoment } from "../text/moment.js";
import { lastValue, parseOptions, refuseDaemon } from "../text/options.js";
import type { Command } from "./command.js";

const RULES = {
  template: { short: "t", takesValue: true },
  "skip-past-updates": { short: "s", takesValue: false },
  daemon: { short: "d", takesValue: true },
};

export const update: Command = (words, context) => {
  const given = parseOptions(words, RULES);
  refuseDaemon(given);
  const [path, ...texts] = given.operands;
  if (path === undefined || texts.length === 0) throw new RrdError("Not enough arguments");
  const template = lastValue(given, "template");
  const skipPast = lastValue(given, "skip-past-updates") !== undefined;
  withRrdFile(context.resolvePath(path), "r+", path, (file) => {
    const { definition, layout, version } = file.header;
    const machine = new RrdMachine(definition);
    const state = new RrdState(layout.dsCount, layout.rraCount);
    const live = file.readLive();
    const view = new DataView(live.buffer);
    readLive(layout, live, view, state);
    const names = definition.dataSources.map(({ name }) => name);
    const order = template === undefined ? undefined : parseTemplate(template, names);
    const rows = new PendingRows(
      layout.dsCount,
      definition.archives.map(({ rowCount }) => rowCount),
    );
    let isTouched = false;
    try {
      for (const text of texts) {
        const reading = splitReading(text, layout.dsCount, order);
        const time = parseTime(reading, context.nowMs());
        // The oldest files know no fractions.
        const timeUs = version < "0003" ? 0 : time.timeUs;
        if (time.timeS < state.lastUpS || (time.timeS === state.lastUpS && timeUs <= state.lastUpUs)) {
          if (skipPast) continue;
          throw new RrdError(
            `illegal attempt to update using time ${time.timeS === MIN_TIME_S ? MIN_TIME_TEXT : time.timeS} when last update time is ${state.lastUpS} (minimum one second step)`,
          );
        }
        isTouched = true;
        takeReadings(machine, state, reading.values, machine.intervalS(state, time.timeS, timeUs));
        machine.advance(state, time.timeS, timeUs, rows);
      }
    } catch (error) {
      throw error instanceof RrdError ? new RrdError(`${path}: ${error.message}`) : error;
    } finally {
      // Also after an error: what came before it stays. Rows first, see README.md.
      if (isTouched) {
        rows.drain((rra, row, bytes, offset, length) => file.writeRows(rra, row, bytes, offset, length));
        writeLive(layout, state, live, view);
        file.writeLive(live);
      }
    }
  });
  return "";
};

/** Times that no calendar knows become the smallest number there is. */
const MIN_TIME_S = -(2 ** 63);
const MIN_TIME_TEXT = "-9223372036854775808";

interface Reading {
  readonly timeText: string;
  /** In the style "end-1d@1:2". */
  readonly isMoment: boolean;
  /** One a data source, in the file's order. */
  readonly values: readonly string[];
}

/** @param order positions in the file by position in the text; undefined: all in the file's order */
function splitReading(text: string, dsCount: number, order: readonly number[] | undefined): Reading {
  const isMoment = text.includes("@");
  const at = text.indexOf(isMoment ? "@" : ":");
  if (at < 0) throw new RrdError(`expected timestamp not found in data source from ${text}`);
  const timeText = text.slice(0, at);
  const given = text.slice(at + 1).split(":");
  const expected = order?.length ?? dsCount;
  if (given.length > expected) {
    throw new RrdError(`found extra data on update argument: ${given.slice(expected).join(":")}`);
  }
  if (given.length < expected) {
    throw new RrdError(`expected ${expected} data source readings (got ${given.length}) from ${timeText}`);
  }
  const values = new Array<string>(dsCount).fill("U");
  given.forEach((value, i) => {
    values[order?.[i] ?? i] = asBytes(value);
  });
  return { timeText, isMoment, values };
}

/** Files hold bytes: one character for each, whatever was typed. */
function asBytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

function parseTime({ timeText, isMoment }: Reading, nowMs: number): { timeS: number; timeUs: number } {
  if (isMoment) {
    try {
      return { timeS: parseMoment(timeText, { nowS: Math.floor(nowMs / 1_000) }), timeUs: 0 };
    } catch (error) {
      throw new RrdError(`ds time: ${timeText}: ${(error as Error).message}`);
    }
  }
  if (timeText === "N") return split(nowMs / 1_000);
  const time = parseNumber(timeText, "error while parsing time in get_time_from_reading");
  if (!(Math.abs(time) < 2 ** 63)) return { timeS: MIN_TIME_S, timeUs: 0 };
  return split(time < 0 ? nowMs / 1_000 + time : time);
}

function split(time: number): { timeS: number; timeUs: number } {
  const timeS = Math.floor(time);
  // Truncated, as far as the resolution of a double near the time goes.
  return { timeS, timeUs: Math.trunc((time - timeS) * 1e6) };
}

function parseTemplate(template: string, names: readonly string[]): number[] {
  return template.split(":").map((name, i) => {
    if (i >= names.length) throw new RrdError("tmplt contains more DS definitions than RRD");
    const position = names.indexOf(name);
    if (position < 0) throw new RrdError(`unknown DS name '${name}'`);
    return position;
  });
}
