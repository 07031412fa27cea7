/** Datagrams that nobody sent: those that somebody did send, spoilt. The same seed spoils them in the same way. */
import type { SeededRandom } from "./seeded-random.js";

/** What a decoder looks at: ids of all families, counts that lie, formats, the ":" that cuts names. */
const PALETTE = Buffer.from("000000800000008500000086ffffffff7fffffff0000100000001001000000001a25732e666e3a", "hex");

/** Counts and ids that promise more than there is. */
const LIES = [0, 1, 51, 127, 128, 133, 136, 137, 4_096, 4_097, 65_535, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff];

/** More than a datagram that arrives here may have. */
const OCTETS_MAX = 65_535;

/** @returns the datagram with something changed, cut, put in or repeated; never the same object */
export function mutatePacket(random: SeededRandom, base: Uint8Array): Uint8Array {
  switch (random.below(8)) {
    case 0:
      return base.slice(0, random.below(base.length + 1));
    case 1:
      return withWord(base, random.below(base.length), random.pick(LIES));
    case 2:
      // Another family's number before what this one says.
      return withWord(base, 0, random.pick(LIES));
    case 3:
      return repeated(random, base);
    case 4:
      return Uint8Array.from({ length: random.below(200) }, () => random.below(256));
    default:
      return random.mutated(base, PALETTE);
  }
}

function withWord(base: Uint8Array, at: number, word: number): Uint8Array {
  const octets = Uint8Array.from(base);
  const aligned = at - (at % 4);
  if (aligned + 4 <= octets.length) new DataView(octets.buffer).setUint32(aligned, word);
  return octets;
}

/** A part of it many times over, up to as much as UDP carries. */
function repeated(random: SeededRandom, base: Uint8Array): Uint8Array {
  const at = random.below(base.length + 1);
  const part = base.slice(at, at + 1 + random.below(40));
  const times = Math.min(random.below(2_000), Math.floor((OCTETS_MAX - base.length) / Math.max(part.length, 1)));
  const octets = new Uint8Array(base.length + times * part.length);
  octets.set(base.slice(0, at));
  for (let i = 0; i < times; i++) octets.set(part, at + i * part.length);
  octets.set(base.slice(at), at + times * part.length);
  return octets;
}
