/**
 * Ganglia documents as something has been at them: octets changed at random, and
 * the ways in which gmond, gmetad and networks are known to break them. Lines are
 * the unit of the latter, because both write one tag a line.
 */
import type { SeededRandom } from "./seeded-random.js";

/** What matters to a reader of XML. */
const PALETTE = Buffer.from(
  "<>/\"'&;#=!?-[] \n\0\u0001\u00ff<HOST </HOST></CLUSTER><METRIC <METRICS <GRID <EXTRA_DATA>NAMEVALTNSUM0123456789",
  "latin1",
);

/** gmond prints a line through so many octets. */
const LINE_OCTETS = 1_023;

const RAW = [
  "&",
  "<",
  ">",
  '"',
  "&#",
  "&#0;",
  "&#xD800;",
  "&amp",
  "\0",
  "\u00e9",
  "\u00c3\u00a9",
  "\u007f",
  "'/>",
  '">',
];
const NUMBERS = ["", "-1", "nan", "inf", "1e400", "99999999999999999999", "4294967296", "0x10", "-", "1.2.3", "\u0663"];

type LineMutation = (random: SeededRandom, lines: string[], at: number) => void;

/** Each takes lines of octets as characters, and the place of the line that it is to spoil. */
const LINE_MUTATIONS: readonly LineMutation[] = [
  // The end of a line is gone, with the line end: what does not fit into the writer's buffer.
  (random, lines, at) => join(lines, at, (line) => line.slice(0, random.below(line.length + 1))),
  (random, lines, at) =>
    join(lines, at, (line) => line.replace(/VAL="/, `VAL="${"L".repeat(random.below(1_200))}`).slice(0, LINE_OCTETS)),
  // Lines lost, told twice, in another order.
  (random, lines, at) => lines.splice(at, 1 + random.below(3)),
  (random, lines, at) => lines.splice(at, 0, ...lines.slice(at, at + 1 + random.below(20))),
  (random, lines, at) => lines.splice(random.below(lines.length), 0, ...lines.splice(at, 1 + random.below(5))),
  // Raw octets in a value.
  (random, lines, at) => {
    lines[at] = (lines[at] ?? "").replace(anyValue(random), (_, key, value: string) => {
      const place = random.below(value.length + 1);
      return ` ${key}="${value.slice(0, place)}${random.pick(RAW)}${value.slice(place)}"`;
    });
  },
  // No number where one should be.
  (random, lines, at) => {
    lines[at] = (lines[at] ?? "").replace(anyValue(random), (_, key) => ` ${key}="${random.pick(NUMBERS)}"`);
  },
  // An attribute lost, told twice, with other quotes.
  (random, lines, at) => {
    lines[at] = (lines[at] ?? "").replace(anyValue(random), "");
  },
  (random, lines, at) => {
    lines[at] = (lines[at] ?? "").replace(anyValue(random), "$&$&");
  },
  (random, lines, at) => {
    lines[at] = (lines[at] ?? "").replace(anyValue(random), " $1='$2'");
  },
];

/** Matches one of the first few attributes of a line. */
function anyValue(random: SeededRandom): RegExp {
  return new RegExp(`(?<=^(?:[^"]*"[^"]*"){${random.below(4)}}) ([A-Z_]+)="([^"]*)"`);
}

function join(lines: string[], at: number, spoil: (line: string) => string): void {
  lines.splice(at, 2, spoil(lines[at] ?? "") + (lines[at + 1] ?? ""));
}

/**
 * One to three things wrong with the document; the same random numbers give the same.
 * @returns new octets, now and then equal to the old ones, at most a few kilobytes longer
 */
export function mutateDocument(random: SeededRandom, octets: Uint8Array): Uint8Array {
  let mutated = octets;
  for (let i = 1 + random.below(3); i > 0; i--) {
    if (random.chance(0.05)) mutated = mutated.subarray(0, random.below(mutated.length + 1));
    else if (random.chance(0.5)) mutated = mutateOctets(random, mutated);
    else mutated = mutateLines(random, mutated);
  }
  return mutated;
}

/** An octet changed, or some of them taken out, put in, or repeated elsewhere. */
function mutateOctets(random: SeededRandom, octets: Uint8Array): Uint8Array {
  const at = random.below(octets.length + 1);
  const octet = random.chance(0.5) ? random.below(256) : (PALETTE[random.below(PALETTE.length)] as number);
  const length = random.below(12);
  const replace = (removed: number, put: Uint8Array) =>
    Buffer.concat([octets.subarray(0, at), put, octets.subarray(Math.min(octets.length, at + removed))]);
  switch (random.below(5)) {
    case 0:
      return replace(1, Uint8Array.of(octet));
    case 1:
      return replace(length, new Uint8Array(0));
    case 2:
      return replace(0, Uint8Array.of(octet));
    case 3: {
      const from = random.below(octets.length + 1);
      return replace(0, octets.subarray(from, from + random.below(200)));
    }
    default:
      return replace(0, new Uint8Array(length).fill(octet));
  }
}

function mutateLines(random: SeededRandom, octets: Uint8Array): Uint8Array {
  const lines = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString("latin1").split("\n");
  random.pick(LINE_MUTATIONS)(random, lines, random.below(lines.length));
  return Buffer.from(lines.join("\n"), "latin1");
}
