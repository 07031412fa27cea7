/** Configuration of the SQLite store. */
import { z } from "zod";
import { duration } from "../../core/base/config/fields.js";

/** Shorter than this and the history would hold less than the window in memory. */
const KEEP_MS_MIN = 3_600_000;

export const sqliteSchema = z.strictObject({
  file: z
    .string()
    .regex(/^[^\0]+$/, "expected a path of a file, relative to the state directory or absolute")
    .default("history.db")
    .meta({ description: "The database file, relative to the state directory" }),
  keep: duration({ minMs: KEEP_MS_MIN })
    .optional()
    .meta({ description: "Samples and events older than this are deleted; absent: kept for ever" }),
});
