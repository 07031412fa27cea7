/** Folders that others may look into, as they may into the files: ganglia-web, rrdtool. */
import { chmodSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

const FOLDER_MODE = 0o755;

/** Makes what is missing of it, whatever our umask says. @throws the system's errors */
export function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: FOLDER_MODE });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) chmodSync(made, FOLDER_MODE);
}
