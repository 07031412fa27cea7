/** `resize FILE N GROW|SHRINK ROWS`: a copy named resize.rrd with a longer or shorter archive; the file stays as it is. */
import { writeWhole } from "../file/create-file.js";
import { type RrdFile, withRrdFile } from "../file/rrd-file.js";
import { DS_DEF_BYTES, RRA_DEF_BYTES, rowOffset, rowPointerOffset, STAT_HEAD_BYTES } from "../format/layout.js";
import { NAN_HIGH, putCount, putText } from "../format/words.js";
import { RrdError } from "../rrd-error.js";
import { leadingInteger } from "../text/leading-integer.js";
import type { Command } from "./command.js";
import { currentRow, liveView } from "./times.js";

const RESULT = "resize.rrd";
/** Rows are copied in pieces of about this size. */
const PIECE_BYTES = 1 << 20;

export const resize: Command = (words, context) => {
  const [path, index, action, rowsText, ...more] = words;
  if (path === undefined || index === undefined || rowsText === undefined || more.length > 0) {
    throw new RrdError("wrong number of parameters");
  }
  if (action !== "GROW" && action !== "SHRINK") throw new RrdError("I can only GROW or SHRINK");
  const rows = leadingInteger(rowsText);
  if (rows < 1) throw new RrdError("Please grow or shrink with at least 1 row");
  if (rows > 2 ** 32) throw new RrdError(`${rows} rows were asked for, expected at most 2^32`);
  withRrdFile(context.resolvePath(path), "r", path, (file) => {
    const rra = leadingInteger(index);
    const archive = file.header.definition.archives[rra];
    if (archive === undefined) throw new RrdError("no such RRA in this RRD");
    if (action === "SHRINK" && archive.rowCount <= rows) throw new RrdError("This RRA is not that big");
    if (!/^000[134]$/.test(file.header.version)) {
      throw new RrdError(`Do not know how to handle RRD version ${file.header.version}`);
    }
    writeWhole(context.resolvePath(RESULT), (write) =>
      writeResized(file, rra, action === "GROW" ? rows : -rows, (bytes) => write([bytes])),
    );
  });
  return "";
};

/** @param change rows more, or less if negative */
function writeResized(file: RrdFile, rra: number, change: number, write: (bytes: Uint8Array) => void): void {
  const { header } = file;
  const { layout, definition } = header;
  const live = liveView(file);
  const current = currentRow(live, rra);
  const { rowCount } = definition.archives[rra] as (typeof definition.archives)[number];
  // Shrinking takes the oldest rows away: those that follow the current one, around the end.
  const removedAfter = Math.min(Math.max(0, -change), rowCount - 1 - current);
  const removedFromFront = Math.max(0, -change) - removedAfter;

  const head = header.bytes.slice();
  const headView = new DataView(head.buffer);
  const definitionOffset = STAT_HEAD_BYTES + DS_DEF_BYTES * layout.dsCount + RRA_DEF_BYTES * rra;
  putCount(headView, definitionOffset + 24, rowCount + change);
  if (header.version === "0001") putText(head, 4, 5, "0003");
  write(head);
  putCount(live.view, rowPointerOffset(layout, rra), current - removedFromFront);
  // The copy of an oldest file gets the microseconds of the newer format.
  if (layout.hasMicroseconds) write(live.bytes);
  else {
    write(live.bytes.subarray(0, 8));
    write(new Uint8Array(8));
    write(live.bytes.subarray(8));
  }
  for (let i = 0; i < layout.rraCount; i++) {
    const count = definition.archives[i]?.rowCount as number;
    if (i !== rra) copyRows(file, i, 0, count, write);
    else {
      copyRows(file, i, removedFromFront, current + 1, write);
      writeUnknown(8 * layout.dsCount * Math.max(0, change), write);
      copyRows(file, i, current + 1 + removedAfter, count, write);
    }
  }
}

/** Rows begin <= row < end. */
function copyRows(file: RrdFile, rra: number, begin: number, end: number, write: (bytes: Uint8Array) => void): void {
  const { layout } = file.header;
  const last = rowOffset(layout, rra, end);
  for (let offset = rowOffset(layout, rra, begin); offset < last; offset += PIECE_BYTES) {
    write(file.readBytes(offset, Math.min(PIECE_BYTES, last - offset)));
  }
}

function writeUnknown(bytes: number, write: (bytes: Uint8Array) => void): void {
  for (let left = bytes; left > 0; left -= PIECE_BYTES) {
    const words = new Uint32Array(Math.min(PIECE_BYTES, left) / 4);
    for (let i = 1; i < words.length; i += 2) words[i] = NAN_HIGH;
    write(new Uint8Array(words.buffer));
  }
}
