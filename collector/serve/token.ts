/** The control port's token: made at first start, for the viewer and the commands to find. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { open, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, GrateError, messageOf } from "../../core/base/errors.js";

/** Within the state directory. */
export const TOKEN_FILE = "control.token";

/** 256 bits. */
const TOKEN_BYTES = 32;
const SHAPE = /^[A-Za-z0-9_-]{32,256}$/;
const READABLE_BY_ALL = 0o004;

/**
 * The state directory belongs to one process at a time.
 * @throws GrateError where the file is of no use or cannot be made
 */
export async function readOrCreateToken(stateDir: string): Promise<string> {
  const file = join(stateDir, TOKEN_FILE);
  try {
    return await readToken(file);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  try {
    await writeToken(file, token);
  } catch (error) {
    throw new GrateError(`cannot make ${file}: ${messageOf(error)}`, { cause: error });
  }
  return token;
}

/** @throws an error with code ENOENT where there is none, else GrateError */
export async function readToken(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") throw error;
    throw new GrateError(`cannot read ${file}: ${messageOf(error)}`, { cause: error });
  });
  const token = text.trim();
  if (!SHAPE.test(token)) {
    throw new GrateError(`${file} holds no token, expected 32 or more letters and digits; delete it to get a new one`);
  }
  const { mode } = await stat(file);
  if ((mode & READABLE_BY_ALL) !== 0) {
    throw new GrateError(`${file} can be read by everybody, expected mode 0600; delete it to get a new one`);
  }
  return token;
}

/** Whole or not at all, so that a crash leaves no empty token behind. */
async function writeToken(file: string, token: string): Promise<void> {
  const draft = `${file}.new`;
  const handle = await open(draft, "w", 0o600);
  try {
    // An old draft keeps the mode that it had.
    await handle.chmod(0o600);
    await handle.writeFile(`${token}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}

/** Takes the same time wherever the first difference is. */
export function sameToken(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
