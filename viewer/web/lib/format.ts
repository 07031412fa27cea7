/** Numbers, ages and times as people read them. Exact values stand in tables and titles. */

/** Between a number and its unit: narrow, and never broken over two lines. */
const SPACE = "\u202f";

/** What is shown where there is no value. */
export const NO_VALUE = "\u2013";

interface Scale {
  readonly factor: number;
  readonly units: string;
}

const SI = ["", "k", "M", "G", "T", "P"];
const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** gmond's KB and GB of memory and disk are powers of two; rates on the network count in tens. */
const BINARY_UNITS: Readonly<Record<string, number>> = {
  bytes: 1,
  b: 1,
  byte: 1,
  kb: 2 ** 10,
  kib: 2 ** 10,
  mb: 2 ** 20,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/** Units that are never given a prefix: "2.6 kMHz" helps nobody. */
const PLAIN_UNITS = new Set(["%", "°C", "°F", "MHz", "GHz", "GB", "TB", "CPUs", "s", "ms", "RPM", "V", "A"]);

const SHOWN_UNITS: Readonly<Record<string, string>> = {
  celsius: "°C",
  c: "°C",
  fahrenheit: "°F",
  percent: "%",
  "bytes/sec": "B/s",
  "bytes/s": "B/s",
  "packets/sec": "pkt/s",
  "packets/s": "pkt/s",
  watts: "W",
  w: "W",
  sec: "s",
  seconds: "s",
};

/**
 * @param magnitude a typical value: all numbers of one axis share its scale
 * @param units as the sender declares them
 */
export function scaleFor(magnitude: number, units: string): Scale {
  const trimmed = units.trim();
  const size = Math.abs(magnitude);
  const bytes = BINARY_UNITS[trimmed.toLowerCase()];
  if (bytes !== undefined) {
    const power = powerOf(size * bytes, 1_024, BINARY.length - 1);
    return { factor: bytes / 1_024 ** power, units: BINARY[power] ?? "" };
  }
  const shown = SHOWN_UNITS[trimmed.toLowerCase()] ?? trimmed;
  // Without a prefix up to 9,999: "1 200 processes" reads better than "1.2 k".
  if (PLAIN_UNITS.has(shown) || size < 10_000) return { factor: 1, units: shown };
  const power = powerOf(size, 1_000, SI.length - 1);
  return { factor: 1 / 1_000 ** power, units: `${SI[power] ?? ""}${shown}` };
}

function powerOf(size: number, base: number, max: number): number {
  let power = 0;
  for (let rest = size; rest >= base && power < max; rest /= base) power++;
  return power;
}

/** @returns three significant digits and all before the point; no exponent for what a screen shows daily */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e15 || size < 1e-4) return value.toExponential(2);
  const digits = size >= 1_000 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : 5;
  const text = value.toFixed(digits);
  return digits === 0 ? text : text.replace(/\.?0+$/, "");
}

/** "12.3 %", "61.2 GiB", "0.35"; NO_VALUE for null. */
export function formatValue(value: number | null | undefined, units: string): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NO_VALUE;
  const scale = scaleFor(value, units);
  const number = formatNumber(value * scale.factor);
  return scale.units === "" ? number : `${number}${SPACE}${scale.units}`;
}

/**
 * One way of writing for many values beside each other: the same unit, the same
 * number of decimals, so that their digits line up.
 * @param magnitude the largest of them
 * @param whole they are whole numbers
 */
export function alignedFormat(
  magnitude: number,
  units: string,
  whole: boolean,
): (value: number | null | undefined) => string {
  const scale = scaleFor(magnitude, units);
  const size = Math.abs(magnitude * scale.factor);
  const digits = (whole && scale.factor === 1) || size >= 1_000 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  if (size > 0 && (size < 0.01 || size >= 1e9)) return (value) => formatValue(value, units);
  const suffix = scale.units === "" ? "" : `${SPACE}${scale.units}`;
  return (value) =>
    value === null || value === undefined ? NO_VALUE : `${(value * scale.factor).toFixed(digits)}${suffix}`;
}

/** "4 s", "3 min", "2 h 5 min", "3 d 4 h". */
export function formatAge(ageMs: number): string {
  const seconds = Math.max(0, Math.round(ageMs / 1_000));
  if (seconds < 100) return `${seconds}${SPACE}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes}${SPACE}min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return joined(hours, "h", minutes % 60, "min");
  return joined(Math.floor(hours / 24), "d", hours % 24, "h");
}

function joined(big: number, bigUnit: string, small: number, smallUnit: string): string {
  const head = `${big}${SPACE}${bigUnit}`;
  return small === 0 ? head : `${head} ${small}${SPACE}${smallUnit}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** "14:03:09" in the zone of the browser. */
export function formatClock(timeMs: number): string {
  const date = new Date(timeMs);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** "2026-02-03 14:03:09"; sorts as it reads. */
export function formatDateTime(timeMs: number): string {
  const date = new Date(timeMs);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${formatClock(timeMs)}`;
}

/** The date only where it is not the day of nowMs. */
export function formatTime(timeMs: number, nowMs: number): string {
  const sameDay = new Date(timeMs).toDateString() === new Date(nowMs).toDateString();
  return sameDay ? formatClock(timeMs) : formatDateTime(timeMs);
}

/** What `<input type="datetime-local" step="1">` reads and writes. */
export function toLocalInput(timeMs: number): string {
  return formatDateTime(timeMs).replace(" ", "T");
}

/** @returns NaN where the text is no time */
export function fromLocalInput(text: string): number {
  return new Date(text).getTime();
}
