/**
 * Where things stand in an RRD file; FORMAT.md has the drawing. Offsets in the
 * live part count from its beginning, because it is read and written as a whole.
 */
import type { RoundRobinArchive } from "./definition.js";

export const STAT_HEAD_BYTES = 128;
export const DS_DEF_BYTES = 120;
export const RRA_DEF_BYTES = 120;
const PDP_PREP_BYTES = 112;
const CDP_PREP_BYTES = 80;
const WORD_BYTES = 8;

/** Room of the text of the last reading: 29 bytes and a NUL. */
export const LAST_DS_BYTES = 30;

export interface Layout {
  readonly dsCount: number;
  readonly rraCount: number;
  /** Seconds and microseconds of the last update; files of version 0001 have no microseconds. */
  readonly hasMicroseconds: boolean;
  /** Of the live part in the file: from the time of the last update to the last row pointer. */
  readonly liveOffset: number;
  readonly liveBytes: number;
  /** Where the rows of each archive begin in the file. */
  readonly dataOffsets: readonly number[];
  readonly fileBytes: number;
}

/** Size of the header in bytes, rows excluded. */
export function headerBytesOf(dsCount: number, rraCount: number, hasMicroseconds: boolean): number {
  return liveOffsetOf(dsCount, rraCount) + liveBytesOf(dsCount, rraCount, hasMicroseconds);
}

export function liveOffsetOf(dsCount: number, rraCount: number): number {
  return STAT_HEAD_BYTES + DS_DEF_BYTES * dsCount + RRA_DEF_BYTES * rraCount;
}

function liveBytesOf(dsCount: number, rraCount: number, hasMicroseconds: boolean): number {
  const headBytes = hasMicroseconds ? 2 * WORD_BYTES : WORD_BYTES;
  return headBytes + PDP_PREP_BYTES * dsCount + (CDP_PREP_BYTES * dsCount + WORD_BYTES) * rraCount;
}

export function layoutOf(dsCount: number, archives: readonly RoundRobinArchive[], hasMicroseconds = true): Layout {
  const rraCount = archives.length;
  let offset = headerBytesOf(dsCount, rraCount, hasMicroseconds);
  const dataOffsets = archives.map(({ rowCount }) => {
    const begin = offset;
    offset += WORD_BYTES * dsCount * rowCount;
    return begin;
  });
  return {
    dsCount,
    rraCount,
    hasMicroseconds,
    liveOffset: liveOffsetOf(dsCount, rraCount),
    liveBytes: liveBytesOf(dsCount, rraCount, hasMicroseconds),
    dataOffsets,
    fileBytes: offset,
  };
}

/** In the live part: the state of one data source. Text first, then seconds at +32, value at +40. */
export function pdpOffset(layout: Layout, ds: number): number {
  return (layout.hasMicroseconds ? 2 * WORD_BYTES : WORD_BYTES) + PDP_PREP_BYTES * ds;
}

/** In the live part: one of the ten words of an archive's state for a data source. */
export function cdpOffset(layout: Layout, rra: number, ds: number, slot: number): number {
  return pdpOffset(layout, layout.dsCount) + CDP_PREP_BYTES * (rra * layout.dsCount + ds) + WORD_BYTES * slot;
}

/** In the live part: the row that an archive wrote last. */
export function rowPointerOffset(layout: Layout, rra: number): number {
  return cdpOffset(layout, layout.rraCount, 0, 0) + WORD_BYTES * rra;
}

/** In the file: a row of an archive. */
export function rowOffset(layout: Layout, rra: number, row: number): number {
  return (layout.dataOffsets[rra] as number) + WORD_BYTES * layout.dsCount * row;
}
