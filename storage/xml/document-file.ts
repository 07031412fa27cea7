/** One file of documents: walked from head to head, read by pieces. Synchronous: it lives in the worker thread. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { codeOf } from "../../core/base/errors.js";
import { decodeHead, FIRST_BYTES, headBytesOf, MAGIC, type Piece } from "./gzip-member.js";

export interface StoredPiece extends Piece {
  /** In the file. */
  readonly offset: number;
}

/** A whole one: from its first piece to its last. */
export interface StoredDocument {
  readonly localtimeS: number;
  readonly pieces: readonly StoredPiece[];
  readonly offset: number;
  /** The first byte behind it. */
  readonly end: number;
}

export interface WalkedFile {
  readonly documents: readonly StoredDocument[];
  /** Behind this stand only the beginning of a document, damage, or what somebody else wrote. */
  readonly goodBytes: number;
  readonly sizeBytes: number;
  /** It does not begin as a file of ours does, not even as one that was cut off. */
  readonly foreign: boolean;
}

/** Small documents have several heads in so much. */
const READ_AHEAD_BYTES = 8_192;
const SEARCHED_BYTES = 2 ** 18;

/** Behind damage it goes on at the next head. A file that is gone is empty. @throws the system's error */
export function walkFile(path: string): WalkedFile {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return { documents: [], goodBytes: 0, sizeBytes: 0, foreign: false };
    throw error;
  }
  try {
    const sizeBytes = fstatSync(descriptor).size;
    const documents: StoredDocument[] = [];
    const ahead = new ReadAhead(descriptor);
    const foreign = sizeBytes > 0 && !beginsAsOurs(ahead.read(0, FIRST_BYTES));
    let pieces: StoredPiece[] = [];
    let goodBytes = 0;
    for (let offset = 0; offset < sizeBytes && !foreign; ) {
      const piece = pieceAt(ahead, offset, sizeBytes);
      if (piece === undefined) {
        pieces = [];
        offset = nextMagic(ahead, offset + 1, sizeBytes);
        continue;
      }
      offset += piece.memberBytes;
      if (piece.first) pieces = [];
      // What lacks its beginning is nothing.
      else if (pieces.length === 0) continue;
      pieces.push(piece);
      if (!piece.last) continue;
      documents.push({ localtimeS: piece.localtimeS, pieces, offset: pieces[0]?.offset ?? 0, end: offset });
      goodBytes = offset;
      pieces = [];
    }
    return { documents, goodBytes, sizeBytes, foreign };
  } finally {
    closeSync(descriptor);
  }
}

function beginsAsOurs(first: Buffer): boolean {
  if (first.length >= FIRST_BYTES) return headBytesOf(first) !== undefined;
  const known = Math.min(first.length, MAGIC.length);
  return first.subarray(0, known).equals(MAGIC.subarray(0, known));
}

/** @returns where a head may begin, or the end of the file */
function nextMagic(ahead: ReadAhead, start: number, sizeBytes: number): number {
  for (let offset = start; offset < sizeBytes; offset += SEARCHED_BYTES - MAGIC.length) {
    const found = ahead.read(offset, SEARCHED_BYTES).indexOf(MAGIC);
    if (found >= 0) return offset + found;
  }
  return sizeBytes;
}

/** @returns fewer bytes where the file is shorter than it was */
export function readMember(descriptor: number, piece: StoredPiece): Buffer {
  const member = Buffer.allocUnsafe(piece.memberBytes);
  return member.subarray(0, readFully(descriptor, member, piece.offset));
}

function pieceAt(ahead: ReadAhead, offset: number, sizeBytes: number): StoredPiece | undefined {
  const headBytes = headBytesOf(ahead.read(offset, FIRST_BYTES));
  if (headBytes === undefined) return undefined;
  const head = ahead.read(offset, headBytes);
  const piece = head.length === headBytes ? decodeHead(head) : undefined;
  const fits = piece !== undefined && piece.memberBytes > headBytes && offset + piece.memberBytes <= sizeBytes;
  return fits ? { ...piece, offset } : undefined;
}

class ReadAhead {
  readonly #descriptor: number;
  #buffer = Buffer.alloc(0);
  #offset = 0;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** @returns fewer bytes at the end of the file; valid until the next call */
  read(offset: number, count: number): Buffer {
    const at = offset - this.#offset;
    if (at >= 0 && at + count <= this.#buffer.length) return this.#buffer.subarray(at, at + count);
    const buffer = Buffer.alloc(Math.max(count, READ_AHEAD_BYTES));
    this.#buffer = buffer.subarray(0, readFully(this.#descriptor, buffer, offset));
    this.#offset = offset;
    return this.#buffer.subarray(0, count);
  }
}

function readFully(descriptor: number, buffer: Buffer, offset: number): number {
  let done = 0;
  while (done < buffer.length) {
    const taken = readSync(descriptor, buffer, done, buffer.length - done, offset + done);
    if (taken === 0) break;
    done += taken;
  }
  return done;
}
