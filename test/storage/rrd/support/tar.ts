/** Just enough of tar to read a fixture: plain files in a gzipped archive, by path. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const BLOCK = 512;

export function readTarGz(file: string): Map<string, Buffer> {
  const bytes = gunzipSync(readFileSync(file));
  const files = new Map<string, Buffer>();
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0; ) {
    const text = (offset: number, size: number) =>
      bytes.toString("latin1", at + offset, at + offset + size).split("\0")[0] ?? "";
    const size = Number.parseInt(text(124, 12), 8);
    const begin = at + BLOCK;
    if (text(156, 1) === "0") files.set(text(0, 100).replace(/^\.\//, ""), bytes.subarray(begin, begin + size));
    at = begin + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
