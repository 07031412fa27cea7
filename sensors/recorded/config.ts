/** Configuration of the source that plays documents of Ganglia's XML from files. */
import { z } from "zod";
import { duration, name, size } from "../../core/base/config/fields.js";

const FILES_MAX = 10_000;

export const gangliaFilesSchema = z.strictObject({
  name: name(),
  type: z.literal("ganglia-files"),
  files: z
    .array(z.string().regex(/^[^\0]+$/, "expected the path of a file or directory"))
    .min(1)
    .max(FILES_MAX)
    .meta({ description: "Files (.xml, .xml.gz) or directories of them, played in this order" }),
  every: duration({ minMs: 1, maxMs: 3_600_000 })
    .prefault("100ms")
    .meta({ description: "One document is handed on so often" }),
  "size-limit": size()
    .refine((bytes) => bytes >= 2 ** 16 && bytes <= 2 ** 30, "out of range, expected 64K to 1G")
    .prefault("128M")
    .meta({ description: "Of one document, unpacked" }),
});

export type GangliaFilesConfig = z.output<typeof gangliaFilesSchema>;
