/**
 * The part of an RRD file that updates never touch: what it is, its data sources and
 * its archives. Pure: bytes to definition and back.
 */
import { RrdError } from "../rrd-error.js";
import {
  type DataSource,
  type DsType,
  isCf,
  isDsType,
  type RoundRobinArchive,
  type RrdDefinition,
} from "./definition.js";
import {
  DS_DEF_BYTES,
  headerBytesOf,
  type Layout,
  layoutOf,
  liveOffsetOf,
  RRA_DEF_BYTES,
  STAT_HEAD_BYTES,
} from "./layout.js";
import { getCount, getDouble, getText, putCount, putDouble, putText } from "./words.js";

/** A double whose bytes differ wherever byte order or alignment do. */
const FLOAT_COOKIE = 8.642135e130;
const FLOAT_COOKIE_OFFSET = 16;
const VERSION_OFFSET = 4;
const DS_PAR_OFFSET = 40;
const RRA_PAR_OFFSET = 40;
const PAR_BYTES = 80;

/** A header larger than this is not read: 1,000 sources with 50 archives have 4 MB. */
const HEADER_BYTES_MAX = 64 * 1024 * 1024;

export interface RrdHeader {
  readonly version: string;
  readonly definition: RrdDefinition;
  readonly layout: Layout;
  /** The bytes before the live part, as they stand in the file. */
  readonly bytes: Uint8Array;
}

/** How many bytes a header begins with that tell how long it is. */
export const HEADER_START_BYTES = STAT_HEAD_BYTES;

export interface HeaderSize {
  readonly liveOffset: number;
  readonly headerBytes: number;
}

/**
 * @param start the first HEADER_START_BYTES of the file, or all of a shorter one
 * @throws RrdError if this is no RRD file of ours
 */
export function headerSizeOf(start: Uint8Array, file: string, fileBytes: number): HeaderSize {
  if (start.length < STAT_HEAD_BYTES) throw new RrdError(`'${file}' is too small (should be more than 128 bytes)`);
  const view = viewOf(start);
  if (getText(start, 0, 4) !== "RRD") throw new RrdError(`'${file}' is not an RRD file`);
  if (getDouble(view, FLOAT_COOKIE_OFFSET) !== FLOAT_COOKIE) {
    throw new RrdError("This RRD was created on another architecture");
  }
  const version = getText(start, VERSION_OFFSET, 5);
  if (!/^000[1-5]$/.test(version)) throw new RrdError(`can't handle RRD file version ${version}`);
  const dsCount = getCount(view, 24);
  const rraCount = getCount(view, 32);
  const headerBytes = headerBytesOf(dsCount, rraCount, hasMicroseconds(version));
  if (!(headerBytes <= fileBytes)) {
    throw new RrdError(`'${file}' is too small (should be ${headerBytes} bytes)`);
  }
  if (headerBytes > HEADER_BYTES_MAX) {
    throw new RrdError(`'${file}' has a header of ${headerBytes} bytes, expected at most ${HEADER_BYTES_MAX}`);
  }
  return { liveOffset: liveOffsetOf(dsCount, rraCount), headerBytes };
}

/**
 * @param bytes the file up to liveOffset, see headerSizeOf; kept, not copied
 * @throws RrdError if the definition makes no sense
 */
export function decodeHeader(bytes: Uint8Array, file: string): RrdHeader {
  const view = viewOf(bytes);
  const version = getText(bytes, VERSION_OFFSET, 5);
  const dsCount = getCount(view, 24);
  const rraCount = getCount(view, 32);
  const fault = (what: string) => new RrdError(`'${file}' is damaged: ${what}`);
  const stepS = getCount(view, 40);
  if (!isSize(stepS)) throw fault(`its step is ${stepS} s`);
  if (dsCount === 0 || rraCount === 0) throw fault(`it has ${dsCount} data sources and ${rraCount} archives`);
  const dataSources = Array.from({ length: dsCount }, (_, i): DataSource => {
    const offset = STAT_HEAD_BYTES + DS_DEF_BYTES * i;
    const type = getText(bytes, offset + 20, 20);
    if (!isDsType(type)) throw fault(`data source ${i} is of the unknown type '${type}'`);
    return decodeDataSource(bytes, offset, type);
  });
  const archives = Array.from({ length: rraCount }, (_, i): RoundRobinArchive => {
    const offset = STAT_HEAD_BYTES + DS_DEF_BYTES * dsCount + RRA_DEF_BYTES * i;
    const cf = getText(bytes, offset, 20);
    if (!isCf(cf)) throw fault(`archive ${i} has the unknown consolidation function '${cf}'`);
    const rowCount = getCount(view, offset + 24);
    const pdpCount = getCount(view, offset + 32);
    if (!isSize(rowCount) || !isSize(pdpCount)) {
      throw fault(`archive ${i} has ${rowCount} rows of ${pdpCount} steps`);
    }
    return { cf, rowCount, pdpCount, xff: getDouble(view, offset + RRA_PAR_OFFSET) };
  });
  return {
    version,
    definition: { stepS, dataSources, archives },
    layout: layoutOf(dsCount, archives, hasMicroseconds(version)),
    bytes,
  };
}

function decodeDataSource(bytes: Uint8Array, offset: number, type: DsType): DataSource {
  const view = viewOf(bytes);
  const name = getText(bytes, offset, 20);
  // The parameters of a computed source hold its formula instead, see rpn.ts.
  if (type === "COMPUTE") return { name, type, heartbeatS: 0, min: Number.NaN, max: Number.NaN };
  return {
    name,
    type,
    heartbeatS: getCount(view, offset + DS_PAR_OFFSET),
    min: getDouble(view, offset + DS_PAR_OFFSET + 8),
    max: getDouble(view, offset + DS_PAR_OFFSET + 16),
  };
}

/** The formula of a computed source: 20 nodes of 4 bytes. */
export function formulaBytes(header: RrdHeader, ds: number): Uint8Array {
  const offset = STAT_HEAD_BYTES + DS_DEF_BYTES * ds + DS_PAR_OFFSET;
  return header.bytes.subarray(offset, offset + PAR_BYTES);
}

/** The ten parameters of an archive; which are doubles and which are counts depends on its function. */
export function archiveParameters(header: RrdHeader, rra: number): DataView {
  const offset = STAT_HEAD_BYTES + DS_DEF_BYTES * header.layout.dsCount + RRA_DEF_BYTES * rra + RRA_PAR_OFFSET;
  return new DataView(header.bytes.buffer, header.bytes.byteOffset + offset, PAR_BYTES);
}

/** @returns the bytes of a new file up to the live part */
export function encodeHeader({ stepS, dataSources, archives }: RrdDefinition): Uint8Array {
  const bytes = new Uint8Array(liveOffsetOf(dataSources.length, archives.length));
  const view = viewOf(bytes);
  putText(bytes, 0, 4, "RRD");
  const isNewer = dataSources.some(({ type }) => type === "DCOUNTER" || type === "DDERIVE");
  putText(bytes, VERSION_OFFSET, 5, isNewer ? "0005" : "0003");
  putDouble(view, FLOAT_COOKIE_OFFSET, FLOAT_COOKIE);
  putCount(view, 24, dataSources.length);
  putCount(view, 32, archives.length);
  putCount(view, 40, stepS);
  let offset = STAT_HEAD_BYTES;
  for (const { name, type, heartbeatS, min, max } of dataSources) {
    putText(bytes, offset, 20, name);
    putText(bytes, offset + 20, 20, type);
    putCount(view, offset + DS_PAR_OFFSET, heartbeatS);
    putDouble(view, offset + DS_PAR_OFFSET + 8, min);
    putDouble(view, offset + DS_PAR_OFFSET + 16, max);
    offset += DS_DEF_BYTES;
  }
  for (const { cf, rowCount, pdpCount, xff } of archives) {
    putText(bytes, offset, 20, cf);
    putCount(view, offset + 24, rowCount);
    putCount(view, offset + 32, pdpCount);
    putDouble(view, offset + RRA_PAR_OFFSET, xff);
    offset += RRA_DEF_BYTES;
  }
  return bytes;
}

function hasMicroseconds(version: string): boolean {
  return version >= "0003";
}

/** A size that sums of products stay exact with. */
function isSize(count: number): boolean {
  return count >= 1 && count <= 2 ** 32;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
