/** `last FILE` and `lastupdate FILE`: when a file was updated last, and with what. */
import { type RrdFile, withRrdFile } from "../file/rrd-file.js";
import { LAST_DS_BYTES, pdpOffset } from "../format/layout.js";
import { getText } from "../format/words.js";
import { RrdError } from "../rrd-error.js";
import { parseOptions, refuseDaemon } from "../text/options.js";
import { type Command, type CommandContext, lines, orMinusOne } from "./command.js";
import { lastUpdateS, liveView } from "./times.js";

const RULES = { daemon: { short: "d", takesValue: true } };

export const last: Command = (words, context) =>
  orMinusOne(() => withOnlyFile("last", words, context, (file) => lines(String(lastUpdateS(liveView(file))))));

export const lastupdate: Command = (words, context) =>
  withOnlyFile("lastupdate", words, context, (file) => {
    const live = liveView(file);
    const { dataSources } = file.header.definition;
    const names = dataSources.map(({ name }) => ` ${name}`).join("");
    const texts = dataSources
      .map((_, ds) => ` ${getText(live.bytes, pdpOffset(live.layout, ds), LAST_DS_BYTES)}`)
      .join("");
    return lines(names, "", `${String(lastUpdateS(live)).padStart(10)}:${texts}`);
  });

function withOnlyFile<T>(
  name: string,
  words: readonly string[],
  context: CommandContext,
  work: (file: RrdFile) => T,
): T {
  const given = parseOptions(words, RULES);
  refuseDaemon(given);
  const [path, ...more] = given.operands;
  if (path === undefined || more.length > 0) throw new RrdError(`Usage: rrdtool ${name} [--daemon|-d <addr>] <file>`);
  return withRrdFile(context.resolvePath(path), "r", path, work);
}
