/** Configuration of the store of XML documents. */
import { z } from "zod";
import { duration, size } from "../../core/base/config/fields.js";

export const xmlSchema = z.strictObject({
  dir: z
    .string()
    .regex(/^[^\0]+$/, "expected a path of a directory, relative to the state directory or absolute")
    .default("documents")
    .meta({ description: "Where the documents lie, relative to the state directory" }),
  every: duration({ minMs: 1_000, maxMs: 3_600_000 })
    .refine((ms) => ms % 1_000 === 0, "expected whole seconds")
    .prefault("1m")
    .meta({ description: "A document of each cluster for each step of this length" }),
  keep: duration({ minMs: 3_600_000 }).prefault("7d").meta({ description: "Files older than this are deleted" }),
  size: size()
    .refine((bytes) => bytes >= 2 ** 20, "expected at least 1M")
    .prefault("10G")
    .meta({ description: "When all files together are larger than this, the oldest are deleted" }),
});

export type XmlConfig = z.output<typeof xmlSchema>;
