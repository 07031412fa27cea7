/** What a sensor is called, whether it belongs to a processor, and what its file says. */

/** A sensor as the kernel lists it. */
export interface FoundSensor {
  /** Driver of a hwmon chip ("coretemp") or type of a thermal zone ("x86_pkg_temp"). */
  readonly chip: string;
  /** The chip among those of the same name, in the order in which they are found; "" for a zone. */
  readonly device: string;
  /** "Core 0"; for a sensor without a label its number; "" for a zone. */
  readonly label: string;
  readonly inputPath: string;
  /** A file that says 1 while the sensor is broken; undefined where there is none. */
  readonly faultPath: string | undefined;
}

export interface NamedSensor extends FoundSensor {
  readonly metric: string;
  /** For a person: "coretemp Core 0". */
  readonly where: string;
  readonly isCpu: boolean;
}

/**
 * `temp_<chip>_<label>`, in lower case with underscores. Where a machine has
 * several chips or labels of one name, the second and later ones get a number,
 * so that a disk added to a machine does not rename the one that was there.
 */
export function nameSensors(found: readonly FoundSensor[]): NamedSensor[] {
  const devicesByChip = new Map<string, string[]>();
  const taken = new Set<string>();
  return found.map((sensor) => {
    const devices = devicesByChip.get(sensor.chip) ?? [];
    devicesByChip.set(sensor.chip, devices);
    if (!devices.includes(sensor.device)) devices.push(sensor.device);
    const order = devices.indexOf(sensor.device) + 1;
    const chip = order === 1 ? sensor.chip : `${sensor.chip} ${order}`;
    const where = sensor.label === "" ? chip : `${chip} ${sensor.label}`;
    const base = `temp_${sanitize(where)}`;
    let metric = base;
    for (let i = 2; taken.has(metric); i++) metric = `${base}_${i}`;
    taken.add(metric);
    return { ...sensor, metric, where, isCpu: isCpuSensor(sensor, found) };
  });
}

function sanitize(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_|_$/g, "")
    .slice(0, 64);
}

/** Drivers and thermal zones that measure processors. */
const CPU_CHIPS: ReadonlySet<string> = new Set([
  "coretemp",
  "k8temp",
  "k10temp",
  "zenpower",
  "via_cputemp",
  "x86_pkg_temp",
]);
/** "cpu_thermal", "cpu0-thermal", "cpu-big-thermal" of ARM boards. */
const CPU_ZONE = /^cpu[a-z0-9_-]*thermal/;

function isCpuSensor(sensor: FoundSensor, all: readonly FoundSensor[]): boolean {
  if (!CPU_CHIPS.has(sensor.chip) && !CPU_ZONE.test(sensor.chip)) return false;
  // On some AMD processors Tctl is Tdie plus up to 27 degrees, made for the fan control.
  const isControl = sensor.label === "Tctl";
  return !(isControl && all.some((other) => other.device === sensor.device && other.label === "Tdie"));
}

/**
 * Inputs that nothing is soldered to show 0, 127, 128, 255 or far below zero;
 * no machine that still runs is that cold or that hot.
 */
const PLAUSIBLE = { aboveCelsius: -55, belowCelsius: 127 } as const;

/** @returns degrees Celsius; NaN where the text is no plausible temperature */
export function parseTemperature(text: string | undefined): number {
  if (text === undefined || !/^-?\d{1,9}$/.test(text)) return Number.NaN;
  const celsius = Number(text) / 1_000;
  const plausible = celsius !== 0 && celsius > PLAUSIBLE.aboveCelsius && celsius < PLAUSIBLE.belowCelsius;
  return plausible ? celsius : Number.NaN;
}
