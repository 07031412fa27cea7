/**
 * What a backup consists of: a directory with the history, the frames that were not
 * archived yet, the journal of the triggers, and this list of them.
 *
 *   BACKUP/backup.json   history.db   frames/*.log   triggers/*.log
 *
 * The queues of other stores are not in it: what waits there is in the history too.
 * Nor are the control token and locks, which belong to one running collector, and cluster-sources.json, which is
 * learnt again.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { GrateError, messageOf } from "../../core/base/errors.js";

export const MANIFEST = "backup.json";
export const HISTORY = "history.db";

/** Directories of the state that are copied as they are; see core/base/RECORD-LOG.md. */
export const LOGS = ["frames", "triggers"] as const;

const FORMAT = 1;

const manifestSchema = z.object({
  format: z.number().int(),
  /** ISO 8601. */
  madeAt: z.string(),
  /** Of the history's tables. */
  schemaVersion: z.number().int(),
  /** Bytes by path within the backup. */
  files: z.record(z.string().regex(/^(?:history\.db|(?:frames|triggers)\/[\w.-]+)$/), z.number().int().nonnegative()),
});

export type Manifest = z.output<typeof manifestSchema>;

export function manifestText(manifest: Omit<Manifest, "format">): string {
  return `${JSON.stringify({ format: FORMAT, ...manifest }, null, 2)}\n`;
}

/** @throws GrateError: no backup, an unfinished one, or one of a later version */
export function readManifest(directory: string): Manifest {
  const path = join(directory, MANIFEST);
  let manifest: Manifest;
  try {
    manifest = manifestSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    const reason = error instanceof z.ZodError ? "it is not the list of a backup" : messageOf(error);
    throw new GrateError(`cannot read ${path}: ${reason}; expected a directory that grate backup has made`);
  }
  if (manifest.format !== FORMAT) {
    throw new GrateError(
      `${directory} is a backup of format ${manifest.format}, this program reads format ${FORMAT}: use the one that made it`,
    );
  }
  return manifest;
}
