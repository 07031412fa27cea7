/** What tests do to whole RRD files, by arithmetic of their own. */
import { readFileSync, writeFileSync } from "node:fs";

const u64 = (bytes: Buffer, offset: number) => Number(bytes.readBigUInt64LE(offset));

/** rrdtool begins each archive at a random row; files are compared with all of them at row 0. */
export function zeroCurrentRows(file: string): void {
  const bytes = readFileSync(file);
  const [dsCount, rraCount] = [u64(bytes, 24), u64(bytes, 32)];
  const headerBytes = 144 + 232 * dsCount + 128 * rraCount + 80 * dsCount * rraCount;
  bytes.fill(0, headerBytes - 8 * rraCount, headerBytes);
  writeFileSync(file, bytes);
}

/** The name of the field at an offset, for messages. */
export function fieldAt(bytes: Buffer, offset: number): string {
  const [dsCount, rraCount] = [u64(bytes, 24), u64(bytes, 32)];
  const parts: [name: string, count: number, size: number][] = [
    ["stat_head", 1, 128],
    ["ds_def", dsCount, 120],
    ["rra_def", rraCount, 120],
    ["live_head", 1, 16],
    ["pdp_prep", dsCount, 112],
    ["cdp_prep", dsCount * rraCount, 80],
    ["rra_ptr", rraCount, 8],
  ];
  let rest = offset;
  for (const [name, count, size] of parts) {
    if (rest < count * size) return `${name}[${Math.floor(rest / size)}]+${rest % size}`;
    rest -= count * size;
  }
  return `value ${Math.floor(rest / 8)} of the rows`;
}

/** @returns what differs, undefined if nothing does */
export function difference(ours: Buffer, theirs: Buffer): string | undefined {
  if (ours.equals(theirs)) return undefined;
  if (ours.length !== theirs.length) return `${ours.length} bytes, expected ${theirs.length}`;
  const at = ours.findIndex((byte, i) => byte !== theirs[i]);
  const word = at - (at % 8);
  const hex = (bytes: Buffer) => bytes.toString("hex", word, word + 8);
  return `${fieldAt(theirs, at)} (offset ${at}): word ${hex(ours)}, expected ${hex(theirs)}`;
}
