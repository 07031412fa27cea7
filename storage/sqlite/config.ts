/** Configuration of the SQLite store. */
import { z } from "zod";
import { duration, size } from "../../core/base/config/fields.js";

/** Shorter than this and the history would hold less than the window in memory. */
const KEEP_MS_MIN = 3_600_000;

/** A day of 100 hosts with 35 metrics takes some 15 MB; less than some days of that is a mistake of units. */
const SIZE_BYTES_MIN = 64 * 2 ** 20;

export const sqliteSchema = z.strictObject({
  file: z
    .string()
    .regex(/^[^\0]+$/, "expected a path of a file, relative to the state directory or absolute")
    .default("history.db")
    .meta({ description: "The database file, relative to the state directory" }),
  keep: duration({ minMs: KEEP_MS_MIN })
    .optional()
    .meta({ description: "Samples and events older than this are deleted; absent: kept for ever" }),
  "size-limit": size()
    .refine((bytes) => bytes >= SIZE_BYTES_MIN, "expected at least 64M")
    .optional()
    .meta({ description: "Above it the oldest samples are deleted, whatever their age; absent: no limit" }),
});
