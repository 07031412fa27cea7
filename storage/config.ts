/** The `storage:` part of the configuration: one key a store. */
import { z } from "zod";
import { sqliteSchema } from "./sqlite/config.js";

export const storageSchema = z
  .strictObject({
    sqlite: sqliteSchema.prefault({}),
  })
  .prefault({})
  .meta({ description: "Where history older than the window is kept" });

export type StorageConfig = z.output<typeof storageSchema>;
