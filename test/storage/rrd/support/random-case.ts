/** Random files and updates, nasty on purpose; the same seed gives the same case. */
import { SeededRandom } from "../../../support/seeded-random.js";

export interface RandomCase {
  /** Arguments of create after the name of the file. */
  readonly create: string;
  /** Whole commands on a file named x.rrd. */
  readonly commands: readonly string[];
  /** Questions about the file at the end. */
  readonly questions: readonly string[];
}

const STEPS = [1, 1, 2, 5, 10, 15, 15, 15, 60, 300];
const TYPES = ["GAUGE", "GAUGE", "GAUGE", "COUNTER", "COUNTER", "DERIVE", "ABSOLUTE", "DCOUNTER", "DDERIVE"] as const;
const CFS = ["AVERAGE", "AVERAGE", "AVERAGE", "MIN", "MAX", "LAST"];
const XFFS = ["0", "0.5", "0.5", "0.99", "0.1", "0.25", "0.75", "0.333", "0.001"];
const PDPS = [1, 1, 1, 2, 3, 4, 5, 7, 12, 20, 40, 288];
const ROWS = [1, 1, 2, 3, 5, 8, 10, 40, 100];
const LIMITS_MIN = ["U", "U", "U", "U", "0", "-100", "1.5", "-1e3", "0.123"];
const LIMITS_MAX = ["U", "U", "U", "U", "1000", "50000.25", "1e9", "1.7"];
const FRACTIONS = ["0", "5", "25", "999999", "000001", "1", "123456", "333333", "75", "9999999", "500001"];
// biome-ignore format: one row
const ODD_NUMBERS = [
  "0", "-0", "0.0", "1e", "1e+", ".5", "5.", "+3", "1E3", "nan", "-nan", "NaN", "inf", "-inf", "INFx", "007", "1e-300",
  "1e300", "infinity", "1e308", "-1e308", "1e-320", "0e999", "4.9e-324", "18446744073709551616", "1e1024", "1e-1021",
];
const BAD_NUMBERS = [
  "abc",
  "1.2.3",
  "12x",
  "0x10",
  "+inf",
  "1e1025",
  "1e-1022",
  "",
  "-",
  ".",
  "--1",
  "+-1",
  "e5",
  "1e5e",
];
const BAD_COUNTERS = [
  "1.5",
  "-",
  "+5",
  "1e3",
  "-7",
  "x",
  "12 ",
  "",
  "9223372036854775808",
  "99999999999999999999999999999999999999",
];

export function randomCase(seed: number, updates: number): RandomCase {
  const random = new SeededRandom(seed);
  const step = random.pick(STEPS);
  const startS = 1_000_000_000 + random.below(100_000);
  const dsCount = random.pick([1, 1, 1, 2, 2, 3, 5, 12]);
  const sources = Array.from({ length: dsCount }, (_, i) => {
    const heartbeat = random.pick([step, 2 * step, 8 * step, Math.max(1, step >> 1), 1_000 * step, 3 * step + 1]);
    const type = random.pick(TYPES);
    const min = random.pick(LIMITS_MIN);
    return { name: `d${i}`, type, definition: `DS:d${i}:${type}:${heartbeat}:${min}:${random.pick(LIMITS_MAX)}` };
  });
  // An inverted pair of limits is refused by create; tests of messages have that.
  for (const source of sources) source.definition = source.definition.replace(/:1\.5:1\.7$/, ":1.5:1.75");
  const archives = Array.from(
    { length: random.pick([1, 1, 2, 3, 4, 6]) },
    () => `RRA:${random.pick(CFS)}:${random.pick(XFFS)}:${random.pick(PDPS)}:${random.pick(ROWS)}`,
  );
  const create = `--start ${startS} --step ${step} ${sources.map(({ definition }) => definition).join(" ")} ${archives.join(" ")}`;

  const counters = sources.map(() => big(random));
  const hasFractions = random.chance(0.4);
  let timeS = startS;
  const reading = () => {
    timeS += gap(random, step, timeS);
    const shownS = random.chance(0.03) ? timeS - random.below(3 * step + 1) : timeS;
    const fraction = hasFractions && random.chance(0.8) ? `.${random.pick(FRACTIONS)}` : "";
    return `${shownS}${fraction}`;
  };
  const value = (i: number) => {
    const { type } = sources[i] as (typeof sources)[number];
    if (type !== "COUNTER" && type !== "DERIVE") return number(random);
    counters[i] = nextCounter(random, counters[i] as string, type === "DERIVE");
    if (random.chance(0.01)) return random.pick(BAD_COUNTERS);
    return random.chance(0.06) ? "U" : (counters[i] as string);
  };
  const all = sources.map((_, i) => i);
  const argument = (positions: readonly number[]) => {
    const values = positions.map(value);
    if (random.chance(0.01)) values.push("1");
    if (random.chance(0.01)) values.pop();
    return [reading(), ...values].join(":");
  };
  const commands = Array.from({ length: updates }, () => {
    if (random.chance(0.05)) {
      const some = all.filter(() => random.chance(0.6));
      const order = some.length === 0 ? [0] : random.chance(0.5) ? some.toReversed() : some;
      const names = order.map((i) => `d${i}`).join(":");
      return `update ${random.pick(["--template", "-t"])} ${names} x.rrd ${argument(order)}`;
    }
    const skip = random.chance(0.05) ? "--skip-past-updates " : "";
    const count = random.chance(0.1) ? 2 + random.below(8) : 1;
    // An empty value at the end of an argument must not swallow the next one.
    return `update ${skip}x.rrd ${Array.from({ length: count }, () => argument(all)).join(" ")}`;
  });
  return { create, commands, questions: questions(random, startS, timeS, step) };
}

/** Seconds to the next update: mostly about a step, at times on, just before and after a boundary, or far away. */
function gap(random: SeededRandom, step: number, timeS: number): number {
  const toBoundary = step - (timeS % step);
  switch (random.below(20)) {
    case 0:
      return toBoundary + 1;
    case 1:
      return Math.max(1, toBoundary - 1);
    case 2:
    case 3:
    case 4:
    case 5:
      return toBoundary;
    case 6:
    case 7:
    case 8:
      return 1 + random.below(4 * step);
    case 9:
      return 1 + random.below(60 * step);
    case 10:
      return 1 + random.below(900 * step);
    case 11:
      return random.pick([step, 2 * step, 8 * step, 3 * step + 1]);
    case 12:
      return 0;
    default:
      return 1 + random.below(step);
  }
}

function number(random: SeededRandom): string {
  if (random.chance(0.01)) return random.pick(BAD_NUMBERS);
  const digits = (count: number) => Array.from({ length: count }, () => random.below(10)).join("");
  switch (random.below(12)) {
    case 0:
      return random.pick(["U", "U", "Unknown", "UNKN"]);
    case 1:
    case 2:
      return String(random.below(101_000) - 1_000);
    case 3:
    case 4:
    case 5:
      return `${random.below(1_000_000)}.${digits(1 + random.below(9))}`;
    case 6:
      return `${random.below(1e9)}e${random.below(50) - 25}`;
    case 7:
      return `-${1 + random.below(9)}.${digits(9)}E${random.below(40) - 20}`;
    case 8:
      return `${random.below(2)}.${digits(10 + random.below(20))}`;
    case 9:
      return `${digits(12 + random.below(20))}.5`;
    case 10:
      return random.pick(ODD_NUMBERS);
    default:
      return String(random.below(100));
  }
}

/** An unsigned number of up to 64 bits. */
function big(random: SeededRandom): string {
  const word = () => BigInt(random.below(2 ** 32));
  switch (random.below(5)) {
    case 0:
      return String(random.below(1_000));
    case 1:
    case 2:
      return String(word());
    case 3:
      return String((word() << 20n) + word());
    default:
      return String((word() << 32n) + word());
  }
}

function nextCounter(random: SeededRandom, held: string, mayFall: boolean): string {
  const value = BigInt(held);
  if (mayFall) return String(value + BigInt(random.below(2_000_000) - 1_000_000));
  if (random.chance(0.1)) return big(random);
  if (random.chance(0.03)) return `0000${value}`;
  return String((value < 0n ? 0n : value) + BigInt(random.below(10_000_000)));
}

function questions(random: SeededRandom, startS: number, endS: number, step: number): string[] {
  const some = Array.from({ length: 8 }, () => {
    const from = startS - 5 * step + random.below(Math.max(1, endS - startS));
    const to = from + random.below(random.pick([1, 10, 100, 1_000]) * step);
    const resolution = random.pick(["", "-r 1", `-r ${4 * step}`, `-r ${30 * step}`, `-a -r ${7 * step}`]);
    return `fetch x.rrd ${random.pick(CFS)} -s ${from} -e ${to} ${resolution}`;
  });
  return ["info x.rrd", "last x.rrd", "lastupdate x.rrd", "first x.rrd", "dump x.rrd", ...some];
}
