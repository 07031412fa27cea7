/** The load averages of this machine. The model for other probes: see README.md. */
import type { ProbeFactory } from "../probe.js";
import { parseLoadAverages } from "./parse.js";
import { readLoadavg } from "./read.js";
import { LOAD_FIFTEEN, LOAD_FIVE, LOAD_ONE } from "./specs.js";

export const createLoadProbe: ProbeFactory = (roots) => ({
  name: "load",
  async measure() {
    const load = parseLoadAverages(await readLoadavg(roots));
    return [
      { spec: LOAD_ONE, value: load.one },
      { spec: LOAD_FIVE, value: load.five },
      { spec: LOAD_FIFTEEN, value: load.fifteen },
    ];
  },
});
