import { describe, expect, it } from "vitest";
import { XdrReader } from "../../../../core/wire/ganglia/xdr.js";

function open(hex: string): XdrReader {
  const reader = new XdrReader();
  reader.open(Buffer.from(hex.replaceAll(" ", ""), "hex"));
  return reader;
}

describe("XdrReader", () => {
  it.each([
    ["u32", "ffffffff", (xdr: XdrReader) => xdr.u32(), 4_294_967_295],
    ["u32", "00000010", (xdr: XdrReader) => xdr.u32(), 16],
    ["i32", "fffffffe", (xdr: XdrReader) => xdr.i32(), -2],
    ["f32", "3fc00000", (xdr: XdrReader) => xdr.f32(), 1.5],
    ["f64", "4059d00000000000", (xdr: XdrReader) => xdr.f64(), 103.25],
    ["string", "00000003 61626300", (xdr: XdrReader) => xdr.string(), "abc"],
    ["string", "00000000", (xdr: XdrReader) => xdr.string(), ""],
    ["string without its padding", "00000003 616263", (xdr: XdrReader) => xdr.string(), "abc"],
    ["string in Latin-1", "00000001 e9000000", (xdr: XdrReader) => xdr.string(), "é"],
    ["count", "00000002 0000000000000000", (xdr: XdrReader) => xdr.count(4, 9), 2],
  ])("reads a %s from %s", (_name, hex, read, expected) => {
    const xdr = open(hex);
    expect(read(xdr)).toBe(expected);
    expect(xdr.fault).toBe("");
  });

  it.each([
    ["u32", "ffffff", (xdr: XdrReader) => xdr.u32(), 0, "it ends inside a number"],
    ["f32", "", (xdr: XdrReader) => xdr.f32(), 0, "it ends inside a number"],
    ["f64", "4059d000", (xdr: XdrReader) => xdr.f64(), 0, "it ends inside a number"],
    ["string", "00000004 616263", (xdr: XdrReader) => xdr.string(), "", "it ends inside a string"],
    ["string", "ffffffff 616263", (xdr: XdrReader) => xdr.string(), "", "it ends inside a string"],
    [
      "string",
      "00000004 61626364",
      (xdr: XdrReader) => xdr.string(3),
      "",
      "a string has 4 octets, at most 3 are allowed",
    ],
    [
      "count",
      "00000003 0000000000000000",
      (xdr: XdrReader) => xdr.count(4, 9),
      0,
      "it announces more items than it holds",
    ],
    [
      "count",
      "ffffffff 0000000000000000",
      (xdr: XdrReader) => xdr.count(8, 9),
      0,
      "it announces more items than it holds",
    ],
    [
      "count",
      "00000002 0000000000000000",
      (xdr: XdrReader) => xdr.count(4, 1),
      0,
      "it has 2 items, at most 1 are allowed",
    ],
  ])("says what is wrong with a %s in %j", (_name, hex, read, expected, fault) => {
    const xdr = open(hex);
    expect(read(xdr)).toBe(expected);
    expect(xdr.fault).toBe(fault);
  });

  it("reads nothing more after a fault and forgets it with the next datagram", () => {
    const xdr = open("0000000961 00000007");
    expect(xdr.string()).toBe("");
    expect([xdr.u32(), xdr.string(), xdr.left]).toEqual([0, "", 0]);
    xdr.open(Buffer.from("00000007", "hex"));
    expect([xdr.u32(), xdr.fault]).toEqual([7, ""]);
  });
});
