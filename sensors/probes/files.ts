/** Reading the kernel's small files. They have no size to ask for and no end to trust. */
import { open, readdir } from "node:fs/promises";
import { codeOf, GrateError, messageOf } from "../../core/base/errors.js";

/** /proc/stat of 1,024 CPUs with all their interrupts is some 200 KB. */
const FILE_BYTES_MAX = 2 ** 20;

/** @throws GrateError naming the file */
export async function readText(path: string): Promise<string> {
  try {
    const { text, atEnd } = await readBytes(path, FILE_BYTES_MAX);
    if (!atEnd) throw new GrateError(`it has more than ${FILE_BYTES_MAX} bytes`);
    return text;
  } catch (error) {
    throw new GrateError(`Cannot read ${path}: ${messageOf(error)}`);
  }
}

/** @returns at least the first bytes of the file, undefined where it cannot be read */
export async function readHead(path: string, bytes: number): Promise<string | undefined> {
  try {
    return (await readBytes(path, bytes)).text;
  } catch {
    return undefined;
  }
}

/** The kernel gives at most a page at a time. */
const FIRST_READ_BYTES = 4096;

async function readBytes(path: string, limitBytes: number): Promise<{ text: string; atEnd: boolean }> {
  const file = await open(path, "r");
  try {
    let buffer = Buffer.allocUnsafe(FIRST_READ_BYTES);
    let length = 0;
    while (length <= limitBytes) {
      if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(length)]);
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      if (bytesRead === 0) return { text: buffer.toString("utf8", 0, length), atEnd: true };
      length += bytesRead;
    }
    return { text: buffer.toString("utf8", 0, length), atEnd: false };
  } finally {
    await file.close();
  }
}

/** @returns the file's text without white space around it, undefined where it cannot be read */
export async function readOptional(path: string): Promise<string | undefined> {
  try {
    return (await readText(path)).trim();
  } catch {
    return undefined;
  }
}

/** @returns sorted names, none where there is no such folder */
export async function listFolder(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw new GrateError(`Cannot list ${path}: ${messageOf(error)}`);
  }
}
