/**
 * One gzip member of a file of documents: bytes to header and back. Pure; drawn on
 * FORMAT.md. What gunzip passes over (the "extra field" of RFC 1952) tells how long the
 * member is, of what time and of which hosts it speaks, so that a file is walked from
 * header to header and only what is wanted is unpacked.
 */
import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";
import { hash } from "../../core/wire/ganglia/text.js";

/** A document is one or more members, each a run of its text. */
export interface PieceHead {
  /** It begins a document. */
  readonly first: boolean;
  /** It ends one. */
  readonly last: boolean;
  /** LOCALTIME of the document, epoch seconds. */
  readonly localtimeS: number;
  /** Oldest and newest sample that no document before had, epoch seconds; Infinity and -Infinity where there is none. */
  readonly fromS: number;
  readonly toS: number;
  /** Unpacked. */
  readonly textBytes: number;
  /** See hostHash; of each HOST that begins in it. */
  readonly hosts: Uint32Array;
}

export interface Piece extends PieceHead {
  /** Of the whole member. */
  readonly memberBytes: number;
  /** Where the packed text begins in the member. */
  readonly bodyAt: number;
}

/** A member that says something else than it holds. */
export class DamagedPieceError extends Error {
  override readonly name = "DamagedPieceError";
}

/** ID1 ID2 CM FLG MTIME(4) XFL OS, XLEN(2), SI1 SI2 LEN(2). */
const GZIP_HEAD_BYTES = 10;
const EXTRA_AT = GZIP_HEAD_BYTES + 2;
const FIELD_AT = EXTRA_AT + 4;
/** Version, flags, two lengths, three times, a checksum of all that. */
const FIELD_BYTES = 1 + 1 + 4 + 4 + 8 + 8 + 8 + 4;
const TRAILER_BYTES = 8;

/** Enough of a member to know how long its head is. */
export const FIRST_BYTES = FIELD_AT;

/** ID1 ID2, deflate, "an extra field follows". */
export const MAGIC = Buffer.from([0x1f, 0x8b, 8, 4]);

const VERSION = 1;
const FLAG_FIRST = 1;
const FLAG_LAST = 2;
/** Subfield id: ours, and in none of the known lists. */
const SI1 = 0x47;
const SI2 = 0x78;

/** XLEN has 16 bits; 4,096 hashes take a quarter of them. */
export const HOSTS_PER_PIECE_MAX = 4_096;

/** Of the fastest that still packs documents to a twentieth; a higher level saves 10 % and costs twice the time. */
const LEVEL = 4;

/** What a member's list keeps of a host's name: 32 bits of FNV-1a over its UTF-8. */
export function hostHash(name: string): number {
  const octets = Buffer.from(name, "utf8");
  return hash(octets, 0, octets.length) >>> 0;
}

/** @param text of one piece; ASCII */
export function encodePiece(head: Omit<PieceHead, "textBytes">, text: Uint8Array): Buffer {
  const body = deflateRawSync(text, { level: LEVEL });
  const fieldBytes = FIELD_BYTES + 4 * head.hosts.length;
  const bodyAt = FIELD_AT + fieldBytes;
  const member = Buffer.alloc(bodyAt + body.length + TRAILER_BYTES);
  member.set(MAGIC, 0);
  member.writeUInt32LE(mtimeOf(head.localtimeS), 4);
  member[9] = 255;
  member.writeUInt16LE(fieldBytes + 4, GZIP_HEAD_BYTES);
  member.set([SI1, SI2], EXTRA_AT);
  member.writeUInt16LE(fieldBytes, EXTRA_AT + 2);
  let at = member.writeUInt8(VERSION, FIELD_AT);
  at = member.writeUInt8((head.first ? FLAG_FIRST : 0) | (head.last ? FLAG_LAST : 0), at);
  at = member.writeUInt32LE(member.length, at);
  at = member.writeUInt32LE(text.length, at);
  for (const seconds of [head.localtimeS, head.fromS, head.toS]) at = member.writeDoubleLE(seconds, at);
  for (const [i, host] of head.hosts.entries()) member.writeUInt32LE(host, at + 4 + 4 * i);
  member.writeUInt32LE(fieldSum(member, fieldBytes), at);
  member.set(body, bodyAt);
  member.writeUInt32LE(crc32(text), bodyAt + body.length);
  member.writeUInt32LE(text.length, bodyAt + body.length + 4);
  return member;
}

/** @returns bytes of a member's head, by its first ones; undefined where they are none of ours */
export function headBytesOf(first: Buffer): number | undefined {
  if (first.length < FIRST_BYTES) return undefined;
  const isOurs = first.subarray(0, 4).equals(MAGIC) && first[EXTRA_AT] === SI1 && first[EXTRA_AT + 1] === SI2;
  const fieldBytes = first.readUInt16LE(EXTRA_AT + 2);
  if (!isOurs || first.readUInt16LE(GZIP_HEAD_BYTES) !== fieldBytes + 4 || fieldBytes < FIELD_BYTES) return undefined;
  return FIELD_AT + fieldBytes;
}

/** @param head as many bytes as headBytesOf said @returns undefined where it is damaged or of another version */
export function decodeHead(head: Buffer): Piece | undefined {
  const fieldBytes = head.length - FIELD_AT;
  const sumAt = FIELD_AT + FIELD_BYTES - 4;
  if (head[FIELD_AT] !== VERSION || head.readUInt32LE(sumAt) !== fieldSum(head, fieldBytes)) return undefined;
  const flags = head.readUInt8(FIELD_AT + 1);
  const hosts = new Uint32Array((fieldBytes - FIELD_BYTES) >> 2);
  for (let i = 0; i < hosts.length; i++) hosts[i] = head.readUInt32LE(FIELD_AT + FIELD_BYTES + 4 * i);
  return {
    first: (flags & FLAG_FIRST) !== 0,
    last: (flags & FLAG_LAST) !== 0,
    memberBytes: head.readUInt32LE(FIELD_AT + 2),
    textBytes: head.readUInt32LE(FIELD_AT + 6),
    localtimeS: head.readDoubleLE(FIELD_AT + 10),
    fromS: head.readDoubleLE(FIELD_AT + 18),
    toS: head.readDoubleLE(FIELD_AT + 26),
    hosts,
    bodyAt: head.length,
  };
}

/** @throws DamagedPieceError where it is not what its head and its checksum say */
export function unpackPiece(piece: Piece, member: Buffer): Buffer {
  const bodyEnd = piece.memberBytes - TRAILER_BYTES;
  if (member.length !== piece.memberBytes || bodyEnd < piece.bodyAt) throw new DamagedPieceError("it is cut off");
  let text: Buffer;
  try {
    // Never more than the head says: a damaged one must not fill the memory.
    text = inflateRawSync(member.subarray(piece.bodyAt, bodyEnd), { maxOutputLength: Math.max(1, piece.textBytes) });
  } catch {
    throw new DamagedPieceError("it cannot be unpacked");
  }
  const isWhole = text.length === piece.textBytes && crc32(text) === member.readUInt32LE(bodyEnd);
  if (!isWhole) throw new DamagedPieceError("its checksum is wrong");
  return text;
}

/** Of all of our field but the sum itself. */
function fieldSum(member: Buffer, fieldBytes: number): number {
  const sumAt = FIELD_AT + FIELD_BYTES - 4;
  const before = crc32(member.subarray(FIELD_AT, sumAt));
  return crc32(member.subarray(sumAt + 4, FIELD_AT + fieldBytes), before);
}

/** What gzip itself shows as the time of a member; 0 = not known. */
function mtimeOf(localtimeS: number): number {
  return localtimeS > 0 && localtimeS < 2 ** 32 ? localtimeS : 0;
}
