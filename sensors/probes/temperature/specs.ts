/** Temperatures. gmond itself has none; the names are ours. */
import type { MetricSpec } from "../probe.js";

const shared = {
  type: "float",
  units: "Celsius",
  slope: "both",
  tmaxS: 60,
  decimals: 1,
  group: "temperature",
} as const;

export const CPU_TEMP: MetricSpec = {
  ...shared,
  name: "cpu_temp",
  title: "CPU Temperature",
  description: "The hottest sensor of the processors",
};

/** @param where what the sensor measures, for a person: "coretemp Core 0" */
export function temperatureSpec(name: string, where: string): MetricSpec {
  return { ...shared, name, title: `Temperature of ${where}`, description: `Sensor ${where}` };
}
