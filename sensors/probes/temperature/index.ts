/** Temperatures of this machine, one metric a sensor, and the hottest of the processors. */
import type { MetricSpec, ProbeFactory, Reading, Roots } from "../probe.js";
import { type NamedSensor, nameSensors, parseTemperature } from "./parse.js";
import { findSensors, readSensor } from "./read.js";
import { CPU_TEMP, temperatureSpec } from "./specs.js";

/** Sensors hardly ever come and go, and looking for them costs three times as much as reading them. */
const LOOK_AGAIN_MS = 5 * 60_000;

export const createTemperatureProbe: ProbeFactory = (roots) => {
  const specs = new Map<string, MetricSpec>();
  let found: { readonly sensors: readonly NamedSensor[]; readonly atMs: number } | undefined;

  function specOf(sensor: NamedSensor): MetricSpec {
    let spec = specs.get(sensor.metric);
    if (spec === undefined) {
      spec = temperatureSpec(sensor.metric, sensor.where);
      specs.set(sensor.metric, spec);
    }
    return spec;
  }

  return {
    name: "temperature",
    async measure(at) {
      if (found === undefined || at.monotonicMs - found.atMs >= LOOK_AGAIN_MS) {
        found = { sensors: await nameAll(roots), atMs: at.monotonicMs };
      }
      const readings: Reading[] = [];
      let hottest = Number.NEGATIVE_INFINITY;
      for (const sensor of found.sensors) {
        const celsius = parseTemperature(await readSensor(sensor));
        if (Number.isNaN(celsius)) continue;
        readings.push({ spec: specOf(sensor), value: celsius });
        if (sensor.isCpu) hottest = Math.max(hottest, celsius);
      }
      if (Number.isFinite(hottest)) readings.push({ spec: CPU_TEMP, value: hottest });
      return readings;
    },
  };
};

async function nameAll(roots: Roots): Promise<NamedSensor[]> {
  return nameSensors(await findSensors(roots));
}
