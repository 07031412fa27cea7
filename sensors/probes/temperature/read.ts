/** Where the kernel lists its temperature sensors, and what they say. */
import { readlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { listFolder, readOptional } from "../files.js";
import type { Roots } from "../probe.js";
import type { FoundSensor } from "./parse.js";

/** "hwmon10" comes after "hwmon2". */
const natural = new Intl.Collator("en", { numeric: true });

/** Two sockets of 128 cores have some 270; more is a machine that lists nonsense. */
const SENSORS_MAX = 512;

/** In an order that stays the same over restarts as long as the hardware does. */
export async function findSensors(roots: Roots): Promise<FoundSensor[]> {
  const chips = await findChips(join(roots.sysfs, "class/hwmon"));
  const zones = await findZones(join(roots.sysfs, "class/thermal"));
  return [...chips, ...zones].slice(0, SENSORS_MAX);
}

async function findChips(folder: string): Promise<FoundSensor[]> {
  const sensors: FoundSensor[] = [];
  for (const entry of await listFolder(folder)) {
    const path = join(folder, entry);
    const chip = await readOptional(join(path, "name"));
    if (chip === undefined || chip === "") continue;
    const files = new Set(await listFolder(path));
    const device = await deviceOf(path, entry);
    for (const input of files) {
      const channel = /^temp(\d+)_input$/.exec(input)?.[1];
      if (channel === undefined) continue;
      const label = files.has(`temp${channel}_label`) ? await readOptional(join(path, `temp${channel}_label`)) : "";
      const fault = `temp${channel}_fault`;
      sensors.push({
        chip,
        device,
        label: label || channel,
        inputPath: join(path, input),
        faultPath: files.has(fault) ? join(path, fault) : undefined,
      });
    }
  }
  return sensors.sort(
    (a, b) =>
      natural.compare(a.chip, b.chip) ||
      natural.compare(a.device, b.device) ||
      natural.compare(a.inputPath, b.inputPath),
  );
}

/** The numbers of hwmon folders change from boot to boot, the device behind one does not. */
async function deviceOf(path: string, entry: string): Promise<string> {
  try {
    return basename(await readlink(join(path, "device")));
  } catch {
    return entry;
  }
}

async function findZones(folder: string): Promise<FoundSensor[]> {
  const sensors: FoundSensor[] = [];
  for (const entry of (await listFolder(folder)).sort(natural.compare)) {
    if (!entry.startsWith("thermal_zone")) continue;
    const path = join(folder, entry);
    const chip = await readOptional(join(path, "type"));
    // A zone that has a hwmon folder inside was found as a chip already.
    const twice = (await listFolder(path)).some((file) => file.startsWith("hwmon"));
    if (chip === undefined || chip === "" || twice) continue;
    sensors.push({ chip, device: "", label: "", inputPath: join(path, "temp"), faultPath: undefined });
  }
  return sensors;
}

/** @returns the text of the input; undefined where it cannot be read or the sensor says it is broken */
export async function readSensor(sensor: FoundSensor): Promise<string | undefined> {
  if (sensor.faultPath !== undefined && (await readOptional(sensor.faultPath)) !== "0") return undefined;
  return readOptional(sensor.inputPath);
}
