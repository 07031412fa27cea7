import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import {
  DamagedPieceError,
  decodeHead,
  encodePiece,
  headBytesOf,
  hostHash,
  unpackPiece,
} from "../../../storage/xml/gzip-member.js";

const HEAD = {
  first: true,
  last: false,
  localtimeS: 1_795_309_200,
  fromS: 1_795_309_140.5,
  toS: 1_795_309_200,
  hosts: Uint32Array.from(["node1", "漢字"], hostHash),
};
const TEXT = Buffer.from("<HOST NAME=&quot;x&quot;>\n".repeat(40));
const MEMBER = encodePiece(HEAD, TEXT);

function headOf(member: Buffer) {
  const bytes = headBytesOf(member.subarray(0, 16));
  return bytes === undefined || bytes > member.length ? undefined : decodeHead(member.subarray(0, bytes));
}

test("a head says what it was given, and how long its member is", () => {
  expect(headOf(MEMBER)).toEqual({
    ...HEAD,
    textBytes: TEXT.length,
    memberBytes: MEMBER.length,
    bodyAt: headBytesOf(MEMBER),
  });
});

test.each<[string, Partial<typeof HEAD>]>([
  ["without new samples", { fromS: Number.POSITIVE_INFINITY, toS: Number.NEGATIVE_INFINITY }],
  ["without hosts", { hosts: new Uint32Array(0) }],
  ["with as many hosts as may be", { hosts: Uint32Array.from({ length: 4_096 }, (_, i) => 2 ** 32 - 1 - i) }],
  ["of a time that gzip cannot show", { localtimeS: 253_402_300_799 }],
  ["the last of its document", { first: false, last: true }],
])("%s", (_, more) => {
  expect(headOf(encodePiece({ ...HEAD, ...more }, TEXT))).toMatchObject({ ...HEAD, ...more });
});

test("gunzip takes it, alone and beside others, and gives the text back", () => {
  expect(gunzipSync(Buffer.concat([MEMBER, MEMBER])).equals(Buffer.concat([TEXT, TEXT]))).toBe(true);
});

test("unpacked it is the text again, an empty one too", () => {
  for (const text of [TEXT, Buffer.alloc(0)]) {
    const member = encodePiece(HEAD, text);
    const head = headOf(member);
    if (head === undefined) throw new Error("no head");
    expect(unpackPiece(head, member).equals(text)).toBe(true);
  }
});

describe("damage", () => {
  test("any octet that changed in our part of the head is noticed there", () => {
    for (let at = 16; at < (headBytesOf(MEMBER) ?? 0); at++) {
      const damaged = Buffer.from(MEMBER);
      damaged[at] = (damaged[at] as number) ^ 0x04;
      expect(headOf(damaged), `octet ${at}`).toBeUndefined();
    }
  });

  test("any octet that changed behind it is noticed when it is unpacked, or does not matter", () => {
    const head = headOf(MEMBER);
    if (head === undefined) throw new Error("no head");
    for (let at = head.bodyAt; at < MEMBER.length - 4; at++) {
      const damaged = Buffer.from(MEMBER);
      damaged[at] = (damaged[at] as number) ^ 0x04;
      let text: Buffer | undefined;
      try {
        text = unpackPiece(head, damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(DamagedPieceError);
      }
      // Of deflate's padding some bits mean nothing.
      if (text !== undefined) expect(text.equals(TEXT), `octet ${at}`).toBe(true);
    }
  });

  test("cut at every octet", () => {
    const head = headOf(MEMBER);
    if (head === undefined) throw new Error("no head");
    for (let length = 0; length < MEMBER.length; length++) {
      const cut = MEMBER.subarray(0, length);
      expect(() => unpackPiece(head, cut), `${length} octets`).toThrow(DamagedPieceError);
    }
  });

  test("a text larger than its head says fills no memory", () => {
    const bomb = encodePiece(HEAD, Buffer.alloc(50_000_000));
    const head = headOf(bomb);
    if (head === undefined) throw new Error("no head");
    expect(() => unpackPiece({ ...head, textBytes: 1_000 }, bomb)).toThrow("it cannot be unpacked");
  });
});

test.each<[string, string]>([
  ["nothing", ""],
  ["a gzip of others", "1f8b0800000000000003"],
  ["another extra field", "1f8b0804000000000000fe000400414206000000"],
  ["noughts", "00".repeat(40)],
])("what is none of ours: %s", (_, hex) => {
  expect(headBytesOf(Buffer.from(hex, "hex"))).toBeUndefined();
});
