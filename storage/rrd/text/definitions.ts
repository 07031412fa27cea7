/** Data sources and archives as arguments: DS:name:TYPE:heartbeat:min:max and RRA:CF:xff:steps:rows. */
import { parseNumber } from "../arithmetic/number-text.js";
import {
  type DataSource,
  DS_NAME_LENGTH_MAX,
  isCf,
  isDsType,
  isPlainCf,
  type RoundRobinArchive,
} from "../format/definition.js";
import { RrdError } from "../rrd-error.js";
import { parseCount } from "./duration.js";
import { prefixed } from "./prefixed.js";

/** @param texts DS:... and RRA:... @throws RrdError */
export function parseDefinitions(
  texts: readonly string[],
  stepS: number,
): { dataSources: DataSource[]; archives: RoundRobinArchive[] } {
  const dataSources: DataSource[] = [];
  const archives: RoundRobinArchive[] = [];
  for (const text of texts) {
    if (text.startsWith("DS:")) {
      const source = parseDataSource(text.slice(3));
      if (dataSources.some(({ name }) => name === source.name)) throw new RrdError(`Duplicate DS name: ${source.name}`);
      dataSources.push(source);
    } else if (text.startsWith("RRA:")) archives.push(parseArchive(text.slice(4), stepS));
    else throw new RrdError(`can't parse argument '${text}'`);
  }
  if (archives.length === 0) throw new RrdError("you must define at least one Round Robin Archive");
  if (dataSources.length === 0) throw new RrdError("you must define at least one Data Source");
  return { dataSources, archives };
}

/** @param text name:TYPE:heartbeat:min:max */
function parseDataSource(text: string): DataSource {
  // A mapping to a source file's name may follow the name; without such files it says nothing.
  const match = /^([A-Za-z0-9_-]+)(?:=[A-Za-z0-9_-]+(?:\[\d+\])?)?:([A-Z]+):(.*)$/s.exec(text);
  const [, name = "", type = "", rest = ""] = match ?? [];
  if (match === null || name.length > DS_NAME_LENGTH_MAX) throw new RrdError("invalid DS format");
  if (!isDsType(type)) throw new RrdError(`invalid DS type specified (${type})`);
  if (type === "COMPUTE") throw new RrdError("COMPUTE data sources are read, not created: expected another type");
  const at = rest.indexOf(":");
  const fault = (what: string) => new RrdError(`failed to parse data source ${rest}: ${what}`);
  if (at < 0) throw fault("missing separator");
  const heartbeatS = prefixed(`failed to parse data source ${rest}: `, () => parseCount(rest.slice(0, at), 1));
  // What follows the first 18 characters of the second limit is passed over, as it always was.
  const limits = /^([^:]{1,18}):([^:]{1,18})/s.exec(rest.slice(at + 1));
  const [, minText = "", maxText = ""] = limits ?? [];
  if (limits === null) throw fault("failed to extract min:max");
  const min = minText === "U" ? Number.NaN : parseNumber(minText, "parsing min val");
  const max = maxText === "U" ? Number.NaN : parseNumber(maxText, "parsing max val");
  if (min >= max) throw fault("min must be less than max in DS definition");
  return { name, type, heartbeatS, min, max };
}

/** @param text CF:xff:steps:rows */
export function parseArchive(text: string, stepS: number): RoundRobinArchive {
  const parts = text === "" ? [] : text.split(":");
  const [cf = "", xffText = "", stepsText = "", rowsText = "", ...more] = parts;
  if (parts.length > 0 && !isCf(cf))
    throw new RrdError(`Unrecognized consolidation function ${/^[A-Z]*/.exec(cf)?.[0]}`);
  if (parts.length > 0 && !isPlainCf(cf)) {
    throw new RrdError(`archives of ${cf} are read, not created: expected AVERAGE, MIN, MAX or LAST`);
  }
  if (parts.length < 4) throw new RrdError(`Expected at least 4 arguments for RRA but got ${parts.length}`);
  if (more.length > 0) throw new RrdError(`Unexpected extra argument for consolidation function ${cf}`);
  const xff = parseXff(xffText);
  const pdpCount = prefixed(`Invalid step ${stepsText}: `, () => parseCount(stepsText, stepS));
  const rowCount = prefixed(`Invalid row count ${rowsText}: `, () => parseCount(rowsText, stepS * pdpCount));
  if (!isPlainCf(cf)) throw new RrdError(`Unrecognized consolidation function ${cf}`);
  return { cf, rowCount, pdpCount, xff };
}

function parseXff(text: string): number {
  const fault = new RrdError("Invalid xff: must be between 0 and 1");
  let xff: number;
  try {
    xff = parseNumber(text, "");
  } catch {
    throw fault;
  }
  if (xff < 0 || xff >= 1) throw fault;
  return xff;
}
