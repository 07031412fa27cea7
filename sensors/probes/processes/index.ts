/** How many processes run and exist on this machine. */
import type { ProbeFactory } from "../probe.js";
import { parseProcessCounts } from "./parse.js";
import { readLoadavg } from "./read.js";
import { PROC_RUN, PROC_TOTAL } from "./specs.js";

export const createProcessesProbe: ProbeFactory = (roots) => ({
  name: "processes",
  async measure() {
    const counts = parseProcessCounts(await readLoadavg(roots));
    return [
      { spec: PROC_RUN, value: counts.running },
      { spec: PROC_TOTAL, value: counts.total },
    ];
  },
});
