/** `info FILE`: what a file holds and where it stands, a line each. */
import { type RrdFile, withRrdFile } from "../file/rrd-file.js";
import { archiveParameters, formulaBytes } from "../format/header.js";
import { cdpOffset, LAST_DS_BYTES, pdpOffset } from "../format/layout.js";
import { formulaText } from "../format/rpn.js";
import { getCount, getDouble, getText } from "../format/words.js";
import { RrdError } from "../rrd-error.js";
import { formatDouble } from "../text/number-format.js";
import { parseOptions, refuseDaemon } from "../text/options.js";
import type { Command } from "./command.js";
import { historyText } from "./failures.js";
import { currentRow, type LiveView, lastUpdateS, liveView } from "./times.js";

const RULES = {
  daemon: { short: "d", takesValue: true },
  noflush: { short: "F", takesValue: false },
};

type Pair = readonly [key: string, value: string];

export const info: Command = (words, context) => {
  const given = parseOptions(words, RULES);
  refuseDaemon(given);
  const [path, ...more] = given.operands;
  if (path === undefined || more.length > 0) {
    throw new RrdError("Usage: rrdtool info [--daemon |-d <addr> [--noflush|-F]] <file>");
  }
  return withRrdFile(context.resolvePath(path), "r", path, (file) => {
    const live = liveView(file);
    const { definition, layout, version } = file.header;
    const pairs: Pair[] = [
      ["filename", quoted(path)],
      ["rrd_version", quoted(version)],
      ["step", String(definition.stepS)],
      ["last_update", String(lastUpdateS(live))],
      ["header_size", String(layout.liveOffset + layout.liveBytes)],
    ];
    for (let ds = 0; ds < layout.dsCount; ds++) pairs.push(...sourcePairs(file, live, ds));
    for (let rra = 0; rra < layout.rraCount; rra++) pairs.push(...archivePairs(file, live, rra));
    return pairs.map(([key, value]) => `${key} = ${value}\n`).join("");
  });
};

function sourcePairs({ header }: RrdFile, { bytes, view, layout }: LiveView, ds: number): Pair[] {
  const { dataSources } = header.definition;
  const { name, type, heartbeatS, min, max } = dataSources[ds] as (typeof dataSources)[number];
  const offset = pdpOffset(layout, ds);
  const limits: Pair[] =
    type === "COMPUTE"
      ? [
          [
            "cdef",
            quoted(
              formulaText(
                formulaBytes(header, ds),
                dataSources.map((source) => source.name),
              ),
            ),
          ],
        ]
      : [
          ["minimal_heartbeat", String(heartbeatS)],
          ["min", double(min)],
          ["max", double(max)],
        ];
  const pairs: Pair[] = [
    ["index", String(ds)],
    ["type", quoted(type)],
    ...limits,
    ["last_ds", quoted(getText(bytes, offset, LAST_DS_BYTES))],
    ["value", double(getDouble(view, offset + 40))],
    ["unknown_sec", String(getCount(view, offset + 32))],
  ];
  return pairs.map(([key, value]) => [`ds[${name}].${key}`, value]);
}

function archivePairs(file: RrdFile, live: LiveView, rra: number): Pair[] {
  const { cf, rowCount, pdpCount } = file.header.definition.archives[
    rra
  ] as RrdFile["header"]["definition"]["archives"][number];
  const pairs: Pair[] = [
    ["cf", quoted(cf)],
    ["rows", String(rowCount)],
    ["cur_row", String(currentRow(live, rra))],
    ["pdp_per_row", String(pdpCount)],
    ...parameterPairs(file, rra),
  ];
  for (let ds = 0; ds < live.layout.dsCount; ds++) {
    for (const [key, value] of cellPairs(file, live, rra, ds)) pairs.push([`cdp_prep[${ds}].${key}`, value]);
  }
  return pairs.map(([key, value]) => [`rra[${rra}].${key}`, value]);
}

function parameterPairs({ header }: RrdFile, rra: number): Pair[] {
  const parameters = archiveParameters(header, rra);
  const at = (slot: number) => double(getDouble(parameters, 8 * slot));
  const count = (slot: number) => String(getCount(parameters, 8 * slot));
  switch (header.definition.archives[rra]?.cf) {
    case "HWPREDICT":
    case "MHWPREDICT":
      return [
        ["alpha", at(1)],
        ["beta", at(2)],
      ];
    case "SEASONAL":
    case "DEVSEASONAL":
      return [["gamma", at(1)], ...(header.version >= "0004" ? [["smoothing_window", at(2)] as const] : [])];
    case "FAILURES":
      return [
        ["delta_pos", at(1)],
        ["delta_neg", at(2)],
        ["failure_threshold", count(5)],
        ["window_length", count(4)],
      ];
    case "DEVPREDICT":
      return [];
    default:
      return [["xff", at(0)]];
  }
}

function cellPairs({ header }: RrdFile, live: LiveView, rra: number, ds: number): Pair[] {
  const { view, layout } = live;
  const at = (slot: number) => double(getDouble(view, cdpOffset(layout, rra, ds, slot)));
  const count = (slot: number) => String(getCount(view, cdpOffset(layout, rra, ds, slot)));
  switch (header.definition.archives[rra]?.cf) {
    case "HWPREDICT":
    case "MHWPREDICT":
      return [
        ["intercept", at(2)],
        ["slope", at(4)],
        ["NaN_count", count(6)],
      ];
    case "SEASONAL":
      return [["seasonal", at(2)]];
    case "DEVSEASONAL":
      return [["deviation", at(2)]];
    case "DEVPREDICT":
      return [];
    case "FAILURES":
      return [["history", quoted(historyText(header, live, rra, ds))]];
    default:
      return [
        ["value", at(0)],
        ["unknown_datapoints", count(1)],
      ];
  }
}

function double(value: number): string {
  return formatDouble(value, "NaN");
}

function quoted(text: string): string {
  return `"${text}"`;
}
