import { crc32 as zlibCrc32 } from "node:zlib";
import { expect, it } from "vitest";
import { crc32 } from "../../../core/base/crc32.js";

it.each([
  ["", 0],
  ["123456789", 0xcbf43926],
  ["a", 0xe8b7be43],
])("checksum of %j as published", (text, expected) => {
  expect(crc32(Buffer.from(text))).toBe(expected);
});

it("counts only the range asked for", () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * 7) & 0xff);
  expect(crc32(bytes, 20, 280)).toBe(crc32(bytes.slice(20, 280)));
  expect(crc32(bytes)).toBe(zlibCrc32(bytes));
});
