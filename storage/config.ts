/** The `storage:` part of the configuration: one key a store. */
import { z } from "zod";
import { remoteSchema } from "./remote/config.js";
import { rrdSchema } from "./rrd/archive/config.js";
import { sqliteSchema } from "./sqlite/config.js";
import { xmlSchema } from "./xml/config.js";

export const storageSchema = z
  .strictObject({
    sqlite: sqliteSchema.prefault({}),
    rrd: rrdSchema.optional(),
    remote: remoteSchema.optional(),
    xml: xmlSchema.optional(),
  })
  .prefault({})
  .meta({ description: "Where history older than the window is kept" });

export type StorageConfig = z.output<typeof storageSchema>;
