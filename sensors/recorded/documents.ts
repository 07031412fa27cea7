/**
 * Documents of Ganglia's XML out of files: one after the other in a file, packed with
 * gzip or not. What is cut off at the end of a file, as after a crash, costs that
 * document alone.
 */
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { GrateError, messageOf } from "../../core/base/errors.js";
import { isGzip } from "../connections/gzip.js";
import { DocumentSplitter } from "./document-splitter.js";

const CHUNK_BYTES = 2 ** 18;

export interface RecordedDocument {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** @returns files named, and those of the directories named, in order of their names: hours, then parts of an hour */
export async function filesOf(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const isDirectory = await stat(path).then(
      (found) => found.isDirectory(),
      (error: unknown) => {
        throw new GrateError(`Cannot read ${path}: ${messageOf(error)}`);
      },
    );
    if (!isDirectory) files.push(path);
    else files.push(...(await documentFiles(path)).map((name) => join(path, name)));
  }
  return files;
}

async function documentFiles(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => /\.xml(?:\.gz)?$/.test(name));
  const stem = (name: string) => name.replace(/\.xml(?:\.gz)?$/, "");
  const order = new Intl.Collator("en", { numeric: true });
  return names.sort((a, b) => order.compare(stem(a), stem(b)));
}

/**
 * @param sizeMax of one document, unpacked
 * @throws GrateError where the rest of the file cannot be read; documents before that were given
 */
export async function* readDocuments(path: string, sizeMax: number): AsyncGenerator<RecordedDocument> {
  const splitter = new DocumentSplitter(sizeMax);
  try {
    for await (const chunk of await octetsOf(path)) {
      for (const bytes of splitter.push(chunk)) yield { path, bytes };
    }
  } catch (error) {
    throw new GrateError(`Cannot read all of ${path}: ${messageOf(error)}`);
  }
  if (splitter.isCut) throw new GrateError(`Cannot read all of ${path}: it ends in the middle of a document`);
}

/** Members of gzip one behind the other are unpacked as one stream. */
async function octetsOf(path: string): Promise<AsyncIterable<Buffer>> {
  const file = await open(path);
  const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
  const octets = file.createReadStream({ start: 0, highWaterMark: CHUNK_BYTES });
  return isGzip(buffer) ? pipeline(octets, createGunzip({ chunkSize: CHUNK_BYTES }), () => {}) : octets;
}
