/**
 * New RRD files: written whole under another name beside the place, then renamed, so
 * that nobody ever sees half a file. Every row is written: a sparse file would let the
 * disk run full at an update instead of here.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, closeSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { RrdMachine } from "../arithmetic/machine.js";
import { RrdState } from "../arithmetic/state.js";
import type { RrdDefinition } from "../format/definition.js";
import { encodeHeader } from "../format/header.js";
import { layoutOf } from "../format/layout.js";
import { writeLive } from "../format/live.js";
import { NAN_HIGH } from "../format/words.js";
import { RrdError } from "../rrd-error.js";
import { systemFault } from "./system-fault.js";

/** A whole integer in [0, below). */
export type RandomInteger = (below: number) => number;

/** Readable for all, whatever the umask says: gmetad's users and the web server read them. */
const NEW_FILE_MODE = 0o644;

/** NaN rows are written in pieces of this size. */
const PIECE_BYTES = 64 * 1024;

const NAN_PIECE = (() => {
  const words = new Uint32Array(PIECE_BYTES / 4);
  for (let i = 1; i < words.length; i += 2) words[i] = NAN_HIGH;
  return new Uint8Array(words.buffer);
})();

/**
 * @param startS seconds since 1970; the first update must be later
 * @param random where each archive begins to be written: at random, so that the files
 *   of a directory do not all reach the end of their archives at one time
 * @throws RrdError if it cannot be written; no file is left then
 */
export function createRrdFile(path: string, definition: RrdDefinition, startS: number, random: RandomInteger): void {
  const header = newHeader(definition, startS, random);
  const dataBytes = layoutOf(definition.dataSources.length, definition.archives).fileBytes - header.length;
  writeWhole(path, (write) => {
    write(header);
    for (let left = dataBytes; left > 0; left -= PIECE_BYTES) write(NAN_PIECE.subarray(0, Math.min(left, PIECE_BYTES)));
  });
}

/** @returns the bytes of a new file before its rows */
function newHeader(definition: RrdDefinition, startS: number, random: RandomInteger): Uint8Array {
  const layout = layoutOf(definition.dataSources.length, definition.archives);
  const machine = new RrdMachine(definition);
  const state = new RrdState(layout.dsCount, layout.rraCount);
  machine.reset(state, startS);
  for (const [rra, { rowCount }] of definition.archives.entries()) state.curRow[rra] = random(rowCount);
  const bytes = new Uint8Array(layout.liveOffset + layout.liveBytes);
  bytes.set(encodeHeader(definition));
  const live = bytes.subarray(layout.liveOffset);
  writeLive(layout, state, live, new DataView(live.buffer, live.byteOffset, live.byteLength));
  return bytes;
}

/**
 * Writes a whole file and puts it in its place; one that is there is replaced and its mode kept.
 * @throws RrdError; nothing is left then
 */
export function writeWhole(path: string, fill: (write: (bytes: Uint8Array) => void) => void): void {
  // Six characters, as mkstemp would do it: what a crash leaves blocks nobody.
  const temporary = `${path}${randomBytes(3).toString("hex")}`;
  let descriptor: number;
  try {
    descriptor = openSync(temporary, "wx", NEW_FILE_MODE);
  } catch (error) {
    throw new RrdError(`Cannot create temporary file ${temporary}: ${systemFault(error)}`, { cause: error });
  }
  try {
    try {
      fill((bytes) => writeAll(descriptor, bytes));
    } finally {
      closeSync(descriptor);
    }
    chmodSync(temporary, modeOf(path));
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error instanceof RrdError
      ? error
      : new RrdError(`creating '${path}': ${systemFault(error)}`, { cause: error });
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done, bytes.length - done);
}

/** A file that is replaced keeps its mode. */
function modeOf(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? NEW_FILE_MODE : stats.mode & 0o7777;
}
