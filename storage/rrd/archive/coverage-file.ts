/**
 * From when to when a directory of RRD files holds samples: kept in a small file of ours beside them, because
 * asking 40,000 files would take minutes. gmetad does not mind the file.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf, messageOf } from "../../../core/base/errors.js";
import type { Coverage } from "../../../core/model/archive.js";
import { diskCode, StorageError } from "../../errors.js";

/** No cluster's folder begins with a dot; see file-names.ts. */
const NAME = ".grate-coverage.json";

/** @returns undefined where there is none, or none that can be read: it is found out again then */
export function readCoverage(directory: string): Coverage | undefined {
  try {
    const { fromMs, toMs } = JSON.parse(readFileSync(join(directory, NAME), "utf8"));
    return Number.isFinite(fromMs) && fromMs <= toMs ? { fromMs, toMs } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** @throws StorageError */
export function writeCoverage(directory: string, { fromMs, toMs }: Coverage): void {
  const path = join(directory, NAME);
  const temporary = `${path}.new`;
  try {
    writeFileSync(temporary, `${JSON.stringify({ fromMs, toMs })}\n`);
    renameSync(temporary, path);
  } catch (error) {
    throw new StorageError(diskCode(error), `cannot note in ${path} how far the files reach: ${messageOf(error)}`);
  }
}
