/** `tune FILE [--heartbeat NAME:S] [--minimum NAME:V] [--maximum NAME:V] [--data-source-type NAME:T] [--data-source-rename OLD:NEW]` */
import { parseNumber } from "../arithmetic/number-text.js";
import { type RrdFile, withRrdFile } from "../file/rrd-file.js";
import { isDsType } from "../format/definition.js";
import { DS_DEF_BYTES, pdpOffset, STAT_HEAD_BYTES } from "../format/layout.js";
import { getText, putCount, putDouble, putText } from "../format/words.js";
import { RrdError } from "../rrd-error.js";
import { parseOptions, refuseDaemon } from "../text/options.js";
import type { Command } from "./command.js";
import { type LiveView, liveView } from "./times.js";

const valued = (short: string) => ({ short, takesValue: true });
const RULES = {
  heartbeat: valued("h"),
  minimum: valued("i"),
  maximum: valued("a"),
  "data-source-type": valued("d"),
  "data-source-rename": valued("r"),
  deltapos: valued("p"),
  deltaneg: valued("n"),
  "window-length": valued("w"),
  "failure-threshold": valued("f"),
  alpha: valued("x"),
  beta: valued("y"),
  gamma: valued("z"),
  "gamma-deviation": valued("v"),
  "smoothing-window": valued("s"),
  "smoothing-window-deviation": valued("S"),
  aberrant: valued("b"),
  daemon: valued("D"),
};

/** What a changed type leaves of the last reading: nothing that a difference could be taken from. */
const NO_READING = "UNKN\0";

interface Tuned {
  readonly file: RrdFile;
  /** The header before the live part, changed here and written afterwards. */
  readonly head: Uint8Array;
  readonly headView: DataView;
  readonly live: LiveView;
}

export const tune: Command = (words, context) => {
  const given = parseOptions(words, RULES);
  refuseDaemon(given);
  const [path, ...more] = given.operands;
  if (path === undefined) throw new RrdError("missing file name");
  if (more.length > 0)
    throw new RrdError(`adding and removing data sources and archives is not supported: '${more[0]}'`);
  withRrdFile(context.resolvePath(path), "r+", path, (file) => {
    const head = file.header.bytes.slice();
    const tuned: Tuned = { file, head, headView: new DataView(head.buffer), live: liveView(file) };
    try {
      for (const { name, value } of given.options) apply(tuned, name, value);
    } finally {
      // Also after an error: what came before it stays.
      if (given.options.length > 0) file.writeHeader(head);
      if (given.options.some(({ name }) => name === "data-source-type")) file.writeLive(tuned.live.bytes);
    }
  });
  return "";
};

function apply(tuned: Tuned, option: string, value: string): void {
  const { head, headView } = tuned;
  switch (option) {
    case "heartbeat": {
      const [offset, text] = split(tuned, value, /^\s*\+?(\d{1,15})/, "heartbeat");
      putCount(headView, offset + 40, Number(text));
      return;
    }
    case "minimum":
    case "maximum": {
      const what = `${option} ds value`;
      const [offset, text] = split(tuned, value, /^(.*)$/s, what);
      putDouble(headView, offset + (option === "minimum" ? 48 : 56), parseLimit(text, what));
      return;
    }
    case "data-source-type": {
      const [offset, text, ds] = split(tuned, value, /^([A-Z]+)/, "data source type");
      if (text === "COMPUTE") throw new RrdError("COMPUTE data sources are read, not made: expected another type");
      if (!isDsType(text)) throw new RrdError(`unknown data acquisition function '${text}'`);
      if (getText(head, offset + 20, 20) === text) return;
      putText(head, offset + 20, 20, text);
      for (let i = 0; i < NO_READING.length; i++) {
        tuned.live.bytes[pdpOffset(tuned.live.layout, ds) + i] = NO_READING.charCodeAt(i);
      }
      return;
    }
    case "data-source-rename": {
      const [offset, text] = split(tuned, value, /^([A-Za-z0-9_-]{1,19})/, "data source type");
      putText(head, offset, 20, text);
      return;
    }
    default:
      throw new RrdError(`--${option} is not supported: archives of forecasts are read, not changed`);
  }
}

/**
 * @param value name:rest @param pattern of the rest @param what for the message
 * @returns offset of the definition, the first group of the pattern, the position of the data source
 */
function split({ file, head }: Tuned, value: string, pattern: RegExp, what: string): [number, string, number] {
  const match = /^([A-Za-z0-9_-]{1,19}):(.*)$/s.exec(value);
  const text = pattern.exec(match?.[2] ?? "")?.[1];
  if (match === null || text === undefined || text === "") throw new RrdError(`invalid arguments for ${what}`);
  for (let ds = 0; ds < file.header.layout.dsCount; ds++) {
    const offset = STAT_HEAD_BYTES + DS_DEF_BYTES * ds;
    // As renamed by an option before this one.
    if (getText(head, offset, 20) === match[1]) return [offset, text, ds];
  }
  throw new RrdError(`unknown data source name '${match[1]}'`);
}

function parseLimit(text: string, what: string): number {
  if (text.startsWith("U")) return Number.NaN;
  try {
    const limit = parseNumber(text, "");
    if (!Number.isNaN(limit)) return limit;
  } catch {
    // Told below.
  }
  throw new RrdError(`invalid arguments for ${what}`);
}
