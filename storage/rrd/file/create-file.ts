/**
 * New RRD files: written whole under another name beside the place, then renamed, so
 * that nobody ever sees half a file. Every row is written: a sparse file would let the
 * disk run full at an update instead of here.
 */
import { randomInt } from "node:crypto";
import { closeSync, fchmodSync, openSync, renameSync, rmSync, statSync, writeSync, writevSync } from "node:fs";
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

/** Six hexadecimal digits. */
const TEMPORARY_NAMES = 2 ** 24;

/**
 * NaN rows are this piece again and again, in one call: a file of gmetad's in 11 writes costs a quarter more on ext4, because
 * pieces that end within a page touch it twice.
 */
const PIECE_BYTES = 64 * 1024;

/** In one call; Linux takes 1,024. */
const PARTS_MAX = 1_000;

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
  let left = layoutOf(definition.dataSources.length, definition.archives).fileBytes - header.length;
  writeWhole(path, (write) => {
    let parts = [header];
    for (; left > 0; left -= PIECE_BYTES) {
      parts.push(left < PIECE_BYTES ? NAN_PIECE.subarray(0, left) : NAN_PIECE);
      if (parts.length < PARTS_MAX) continue;
      write(parts);
      parts = [];
    }
    if (parts.length > 0) write(parts);
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
export function writeWhole(path: string, fill: (write: (parts: readonly Uint8Array[]) => void) => void): void {
  // Six characters, as mkstemp would do it: what a crash leaves blocks nobody.
  const temporary = `${path}${randomInt(TEMPORARY_NAMES).toString(16).padStart(6, "0")}`;
  let descriptor: number;
  try {
    descriptor = openSync(temporary, "wx", NEW_FILE_MODE);
  } catch (error) {
    throw new RrdError(`Cannot create temporary file ${temporary}: ${systemFault(error)}`, { cause: error });
  }
  try {
    try {
      fill((parts) => writeAll(descriptor, parts));
      fchmodSync(descriptor, modeOf(path));
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error instanceof RrdError
      ? error
      : new RrdError(`creating '${path}': ${systemFault(error)}`, { cause: error });
  }
}

/** In one call as a rule; what a short write left out is written part by part. */
function writeAll(descriptor: number, parts: readonly Uint8Array[]): void {
  let written = writevSync(descriptor, parts);
  for (const part of parts) {
    let done = Math.min(written, part.length);
    written -= done;
    while (done < part.length) done += writeSync(descriptor, part, done, part.length - done);
  }
}

/** A file that is replaced keeps its mode. */
function modeOf(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? NEW_FILE_MODE : stats.mode & 0o7777;
}
