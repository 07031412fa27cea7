/** `first FILE [--rraindex N]`: the time of the oldest row of an archive, whether or not it holds data. */
import { withRrdFile } from "../file/rrd-file.js";
import { RrdError } from "../rrd-error.js";
import { leadingInteger } from "../text/leading-integer.js";
import { lastValue, parseOptions, refuseDaemon } from "../text/options.js";
import { type Command, type CommandContext, lines, orMinusOne } from "./command.js";
import { liveView, newestRowS } from "./times.js";

const RULES = { rraindex: { short: "r", takesValue: true }, daemon: { short: "d", takesValue: true } };

export const first: Command = (words, context) => orMinusOne(() => firstTime(words, context));

function firstTime(words: readonly string[], context: CommandContext): string {
  const given = parseOptions(words, RULES);
  refuseDaemon(given);
  const index = lastValue(given, "rraindex") ?? "0";
  const [path] = given.operands;
  if (path === undefined) throw new RrdError("Usage: rrdtool first [--rraindex number] [--daemon|-d <addr>] <file>");
  return withRrdFile(context.resolvePath(path), "r", path, (file) => {
    const { archives, stepS } = file.header.definition;
    const archive = archives[leadingInteger(index)];
    if (archive === undefined) throw new RrdError("invalid rraindex number");
    const widthS = stepS * archive.pdpCount;
    return lines(String(newestRowS(liveView(file), widthS) - (archive.rowCount - 1) * widthS));
  });
}
