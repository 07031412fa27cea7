/** `dump FILE`: the whole file as XML, as rrdtool's restore reads it. */
import { type RrdFile, withRrdFile } from "../file/rrd-file.js";
import type { DataSource, RoundRobinArchive } from "../format/definition.js";
import { archiveParameters, formulaBytes } from "../format/header.js";
import { cdpOffset, LAST_DS_BYTES, pdpOffset } from "../format/layout.js";
import { formulaText } from "../format/rpn.js";
import { getCount, getDouble, getText } from "../format/words.js";
import { RrdError } from "../rrd-error.js";
import { localTime } from "../text/local-time.js";
import { formatDumped } from "../text/number-format.js";
import { lastValue, parseOptions, refuseDaemon } from "../text/options.js";
import type { Command } from "./command.js";
import { historyText } from "./failures.js";
import { currentRow, type LiveView, lastUpdateS, liveView, newestRowS } from "./times.js";

const RULES = {
  header: { short: "h", takesValue: true },
  "no-header": { short: "n", takesValue: false },
  daemon: { short: "d", takesValue: true },
};

const XML = '<?xml version="1.0" encoding="utf-8"?>\n';
const DTD = `${XML}<!DOCTYPE rrd SYSTEM "https://oss.oetiker.ch/rrdtool/rrdtool.dtd">\n`;
export const dump: Command = (words, context) => {
  const given = parseOptions(words, RULES);
  refuseDaemon(given);
  const style = lastValue(given, "no-header") !== undefined ? "none" : (lastValue(given, "header") ?? "dtd");
  if (style !== "dtd" && style !== "none") {
    throw new RrdError(`a dump with the header '${style}' is not supported: expected dtd or none`);
  }
  const [path, ...more] = given.operands;
  if (path === undefined || more.length > 0) throw new RrdError("expected the name of one file; the dump is printed");
  return withRrdFile(context.resolvePath(path), "r", path, (file) => (style === "dtd" ? DTD : "") + document(file));
};

function document(file: RrdFile): string {
  const live = liveView(file);
  const { definition, version } = file.header;
  const lastS = lastUpdateS(live);
  return [
    "<!-- Round Robin Database Dump -->\n<rrd>\n",
    `\t<version>${version}</version>\n`,
    `\t<step>${definition.stepS}</step> <!-- Seconds -->\n`,
    `\t<lastupdate>${lastS}</lastupdate> <!-- ${localTime(lastS)} -->\n\n`,
    ...definition.dataSources.map((source, ds) => sourceText(file, live, source, ds)),
    "\t<!-- Round Robin Archives -->\n",
    ...definition.archives.map((archive, rra) => archiveText(file, live, archive, rra)),
    "</rrd>\n",
  ].join("");
}

function sourceText({ header }: RrdFile, { bytes, view, layout }: LiveView, source: DataSource, ds: number): string {
  const offset = pdpOffset(layout, ds);
  const names = header.definition.dataSources.map(({ name }) => name);
  const limits =
    source.type === "COMPUTE"
      ? `\t\t<cdef> ${formulaText(formulaBytes(header, ds), names)} </cdef>\n\n`
      : `\t\t<minimal_heartbeat>${source.heartbeatS}</minimal_heartbeat>\n` +
        `\t\t<min>${formatDumped(source.min)}</min>\n\t\t<max>${formatDumped(source.max)}</max>\n\n`;
  return (
    `\t<ds>\n\t\t<name> ${source.name} </name>\n\t\t<type> ${source.type} </type>\n${limits}` +
    `\t\t<!-- PDP Status -->\n\t\t<last_ds>${getText(bytes, offset, LAST_DS_BYTES)}</last_ds>\n` +
    `\t\t<value>${formatDumped(getDouble(view, offset + 40))}</value>\n` +
    `\t\t<unknown_sec> ${getCount(view, offset + 32)} </unknown_sec>\n\t</ds>\n\n`
  );
}

function archiveText(file: RrdFile, live: LiveView, archive: RoundRobinArchive, rra: number): string {
  const { dsCount } = live.layout;
  const widthS = file.header.definition.stepS * archive.pdpCount;
  const cells = Array.from({ length: dsCount }, (_, ds) => `\t\t\t<ds>\n${cellText(file, live, rra, ds)}\t\t\t</ds>\n`);
  return [
    `\t<rra>\n\t\t<cf>${archive.cf}</cf>\n`,
    `\t\t<pdp_per_row>${archive.pdpCount}</pdp_per_row> <!-- ${widthS} seconds -->\n\n`,
    `\t\t<params>\n${parameterText(file, rra)}\t\t</params>\n`,
    `\t\t<cdp_prep>\n${cells.join("")}\t\t</cdp_prep>\n`,
    `\t\t<database>\n${rowsText(file, live, archive, rra)}\t\t</database>\n\t</rra>\n`,
  ].join("");
}

function parameterText({ header }: RrdFile, rra: number): string {
  const parameters = archiveParameters(header, rra);
  const at = (slot: number) => formatDumped(getDouble(parameters, 8 * slot));
  const count = (slot: number) => String(getCount(parameters, 8 * slot));
  const dependent = tag("dependent_rra_idx", count(3));
  switch (header.definition.archives[rra]?.cf) {
    case "HWPREDICT":
    case "MHWPREDICT":
      return tag("hw_alpha", at(1)) + tag("hw_beta", at(2)) + dependent;
    case "SEASONAL":
    case "DEVSEASONAL":
      return (
        tag("seasonal_gamma", at(1)) +
        tag("seasonal_smooth_idx", count(4)) +
        (header.version >= "0004" ? tag("smoothing_window", at(2)) : "") +
        dependent
      );
    case "FAILURES":
      return (
        tag("delta_pos", at(1)) +
        tag("delta_neg", at(2)) +
        tag("window_len", count(4)) +
        tag("failure_threshold", count(5)) +
        dependent
      );
    case "DEVPREDICT":
      return dependent;
    default:
      return tag("xff", at(0));
  }
}

function cellText({ header }: RrdFile, live: LiveView, rra: number, ds: number): string {
  const { view, layout } = live;
  const at = (slot: number) => formatDumped(getDouble(view, cdpOffset(layout, rra, ds, slot)));
  const count = (slot: number) => String(getCount(view, cdpOffset(layout, rra, ds, slot)));
  const all = (...pairs: readonly (readonly [string, string])[]) =>
    pairs.map(([name, text]) => cell(name, text)).join("");
  const ends = all(["primary_value", at(8)], ["secondary_value", at(9)]);
  switch (header.definition.archives[rra]?.cf) {
    case "HWPREDICT":
    case "MHWPREDICT":
      return (
        ends +
        all(["intercept", at(2)], ["last_intercept", at(3)], ["slope", at(4)], ["last_slope", at(5)]) +
        all(["nan_count", count(6)], ["last_nan_count", count(7)])
      );
    case "SEASONAL":
    case "DEVSEASONAL":
      return ends + all(["seasonal", at(2)], ["last_seasonal", at(3)], ["init_flag", count(6)]);
    case "DEVPREDICT":
      return ends;
    case "FAILURES":
      return ends + all(["history", historyText(header, live, rra, ds)]);
    default:
      return ends + all(["value", at(0)], ["unknown_datapoints", count(1)]);
  }
}

/** Oldest first. */
function rowsText(file: RrdFile, live: LiveView, { rowCount, pdpCount }: RoundRobinArchive, rra: number): string {
  const widthS = file.header.definition.stepS * pdpCount;
  const { dsCount } = live.layout;
  const values = file.readRows(rra, 0, rowCount);
  const oldest = currentRow(live, rra) + 1;
  const firstS = newestRowS(live, widthS) - (rowCount - 1) * widthS;
  return Array.from({ length: rowCount }, (_, i) => {
    const row = (oldest + i) % rowCount;
    const timeS = firstS + i * widthS;
    const cells = Array.from(
      { length: dsCount },
      (_, ds) => `<v>${formatDumped(values[row * dsCount + ds] as number)}</v>`,
    );
    return `\t\t\t<!-- ${localTime(timeS)} / ${timeS} --> <row>${cells.join("")}</row>\n`;
  }).join("");
}

function tag(name: string, text: string): string {
  return `\t\t<${name}>${text}</${name}>\n`;
}

function cell(name: string, text: string): string {
  return `\t\t\t<${name}>${text}</${name}>\n`;
}
