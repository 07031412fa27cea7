/** Configuration of the RRD files in gmetad's layout. */
import { z } from "zod";
import { duration } from "../../../core/base/config/fields.js";
import { parseArchive } from "../text/definitions.js";
import { DAEMON_ADDRESS_EXPECTED, parseDaemonAddress } from "./daemon/daemon-address.js";

/** gmetad's own since 3.7: at 15 s a day in steps of 15 s, 14 days in minutes, a year in ten minutes. */
const GMETAD_RRAS = ["RRA:AVERAGE:0.5:1:5856", "RRA:AVERAGE:0.5:4:20160", "RRA:AVERAGE:0.5:40:52704"];
/** gmetad takes as many. */
const RRAS_MAX = 32;
const HOUR_MS = 3_600_000;

export const rrdSchema = z
  .strictObject({
    dir: z
      .string()
      .regex(/^[^\0]+$/, "expected a path of a directory, relative to the state directory or absolute")
      .default("rrds")
      .meta({ description: "The directory of gmetad's layout, relative to the state directory" }),
    mode: z
      .enum(["write", "read"], 'expected "write" or "read"')
      .default("write")
      .meta({ description: "write: keep the files; read: use the history that a running gmetad keeps" }),
    step: duration({ minMs: 1_000, maxMs: HOUR_MS })
      .refine((stepMs) => stepMs % 1_000 === 0, "expected whole seconds")
      .prefault("15s")
      .meta({ description: "Step of new files: the distance of the sources' polls" }),
    rras: z
      .array(z.string())
      .min(1, "expected at least one archive")
      .max(RRAS_MAX, `expected at most ${RRAS_MAX} archives`)
      .default(GMETAD_RRAS)
      .meta({ description: "Archives of new files, as gmetad.conf has them: RRA:CF:xff:steps:rows" }),
    rrdcached: z
      .string()
      .refine((text) => parseDaemonAddress(text) !== undefined, DAEMON_ADDRESS_EXPECTED)
      .optional()
      .meta({
        description: "Where rrdcached listens: files are flushed by it before they are read, and written by way of it",
      }),
    "case-sensitive-hosts": z
      .boolean("expected true or false")
      .default(true)
      .meta({ description: "As case_sensitive_hostnames of gmetad; false: folders of hosts in lower case" }),
  })
  .superRefine(({ rras, step }, context) => {
    for (const [i, text] of rras.entries()) {
      const fault = archiveFault(text, step / 1_000);
      if (fault !== undefined)
        context.addIssue({ code: "custom", path: ["rras", i], message: `${JSON.stringify(text)}: ${fault}` });
    }
    // Reading asks for averages, as ganglia-web does.
    if (!rras.some((text) => text.startsWith("RRA:AVERAGE:"))) {
      context.addIssue({ code: "custom", path: ["rras"], message: "expected at least one archive of AVERAGE" });
    }
  });

function archiveFault(text: string, stepS: number): string | undefined {
  if (!text.startsWith("RRA:")) return "expected RRA:CF:xff:steps:rows";
  try {
    parseArchive(text.slice("RRA:".length), stepS);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
