/** Memory and swap of this machine. */
import type { ProbeFactory, Reading } from "../probe.js";
import { parseMeminfo } from "./parse.js";
import { readMeminfo } from "./read.js";
import { MEMORY_SPECS } from "./specs.js";

export const createMemoryProbe: ProbeFactory = (roots) => ({
  name: "memory",
  async measure() {
    const fields = parseMeminfo(await readMeminfo(roots));
    const readings: Reading[] = [];
    for (const { spec, field, absentKb } of MEMORY_SPECS) {
      const value = fields.get(field) ?? absentKb;
      if (value !== undefined) readings.push({ spec, value });
    }
    return readings;
  },
});
