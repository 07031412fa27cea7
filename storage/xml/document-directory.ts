/**
 * The files of documents on the disk: which there are and of what times, appending to the
 * hour's file, deleting what is too old or too much. Synchronous: it lives in the worker
 * thread, and a document is either in its file or not.
 */
import * as fs from "node:fs";
import { join } from "node:path";
import { codeOf } from "../../core/base/errors.js";
import { entriesOf, syncDirectory, writeAll } from "./disk.js";
import { readMember, type StoredDocument, type StoredPiece, walkFile } from "./document-file.js";
import { directoryName, endOfHour, fileName, hourOf, parseFileName } from "./file-names.js";
import { EMPTY_SUMMARY, type FileSummary, sizeOf, summaryOf } from "./file-summary.js";
import { DamagedPieceError, unpackPiece } from "./gzip-member.js";

/** They hold all that the monitoring knows; other accounts of the machine have no business in them. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** Of one hour and cluster: more parts than that come of files that are not ours. */
const PARTS_MAX = 10_000;

export interface LastDocument {
  readonly document: StoredDocument;
  readonly texts: readonly Buffer[];
}

export class DocumentDirectory {
  readonly #directory: string;
  /** By the name of the cluster's directory, oldest first. */
  readonly #files = new Map<string, FileSummary[]>();
  /** Written to and not synced yet. */
  readonly #open = new Map<FileSummary, number>();
  /** Files that this process wrote to last. */
  readonly #current = new Map<string, FileSummary>();
  /** Pieces that were damaged when they were read. */
  damaged = 0;

  /** @param directory made at the first write */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Of all clusters, also such as nobody asked for yet. */
  *all(): Generator<FileSummary> {
    for (const directory of this.#directories()) yield* this.#list(directory);
  }

  of(cluster: string): readonly FileSummary[] {
    return this.#list(directoryName(cluster));
  }

  /**
   * The newest document of a cluster that can be read. What stands behind it in its file is
   * cut: the end of a process that was killed, or of a disk without power.
   * @throws the system's error
   */
  last(cluster: string): LastDocument | undefined {
    for (const summary of [...this.of(cluster)].reverse()) {
      if (summary.foreign) continue;
      for (const document of [...walkFile(summary.path).documents].reverse()) {
        const texts = this.#unpackAll(summary, document);
        if (texts !== undefined) return { document, texts };
        summary.bytes = document.offset;
        summary.torn = true;
      }
    }
    return undefined;
  }

  /**
   * Appends one document; all of it or nothing. It survives the end of the process, and
   * the power after sync().
   * @throws the system's error
   */
  append(cluster: string, localtimeS: number, members: readonly Buffer[], fromS: number, toS: number): void {
    const directory = directoryName(cluster);
    const summary = this.#fileFor(directory, localtimeS);
    const descriptor = this.#openFile(summary, directory);
    const bytes = members.reduce((sum, { length }) => sum + length, 0);
    try {
      for (const member of members) writeAll(descriptor, member);
    } catch (error) {
      // Half a document would make what comes behind it unreadable.
      summary.torn = true;
      this.#cut(summary, descriptor);
      throw error;
    }
    summary.bytes += bytes;
    summary.fromS = Math.min(summary.fromS, fromS);
    summary.toS = Math.max(summary.toS, toS);
  }

  /** @throws the system's error; it is then not known what of the last documents is on the disk */
  sync(): void {
    try {
      for (const descriptor of this.#open.values()) fs.fdatasyncSync(descriptor);
    } finally {
      for (const descriptor of this.#open.values()) fs.closeSync(descriptor);
      this.#open.clear();
    }
  }

  /**
   * The text of pieces, one after the other; damaged ones are counted and left out.
   * @throws the system's error, but for a file that is gone
   */
  *read(summary: FileSummary, pieces: Iterable<StoredPiece>): Generator<{ piece: StoredPiece; text: Buffer }> {
    let descriptor: number;
    try {
      descriptor = fs.openSync(summary.path, "r");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return;
      throw error;
    }
    try {
      for (const piece of pieces) {
        const text = this.#unpack(descriptor, piece);
        if (text !== undefined) yield { piece, text };
      }
    } finally {
      fs.closeSync(descriptor);
    }
  }

  /**
   * Deletes files of hours that ended longer ago than keepMs, then the oldest until all
   * together have at most bytesMax. Files in use stay, and so does what is none of ours.
   * @returns bytes that are left
   */
  sweep(nowMs: number, keepMs: number, bytesMax: number): number {
    const inUse = new Set(this.#current.values());
    // Others may have put files there or taken them away.
    for (const directory of this.#directories()) this.#look(directory);
    const files = [...this.all()].sort((a, b) => a.file.hourMs - b.file.hourMs || a.file.part - b.file.part);
    let left = files.reduce((sum, summary) => sum + sizeOf(summary), 0);
    for (const summary of files) {
      const isOld = endOfHour(summary.file) <= nowMs - keepMs;
      if (inUse.has(summary) || !(isOld || left > bytesMax)) continue;
      left -= sizeOf(summary);
      fs.rmSync(summary.path, { force: true });
      for (const list of this.#files.values()) {
        const at = list.indexOf(summary);
        if (at >= 0) list.splice(at, 1);
      }
    }
    this.#removeEmpty();
    return left;
  }

  close(): void {
    for (const descriptor of this.#open.values()) fs.closeSync(descriptor);
    this.#open.clear();
  }

  #directories(): string[] {
    const entries = entriesOf(this.#directory).filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
    return entries.map(({ name }) => name);
  }

  #list(directory: string): FileSummary[] {
    return this.#files.get(directory) ?? this.#look(directory);
  }

  /** What is known of a file stays, the others are walked. */
  #look(directory: string): FileSummary[] {
    const known = new Map(this.#files.get(directory)?.map((summary) => [summary.path, summary]));
    const found: FileSummary[] = [];
    for (const entry of entriesOf(join(this.#directory, directory))) {
      const file = entry.isFile() ? parseFileName(entry.name) : undefined;
      const path = join(this.#directory, directory, entry.name);
      if (file !== undefined) found.push(known.get(path) ?? summaryOf(file, path));
    }
    found.sort((a, b) => a.file.hourMs - b.file.hourMs || a.file.part - b.file.part);
    this.#files.set(directory, found);
    return found;
  }

  /** The newest file of the hour, where it is ours; else a new one. */
  #fileFor(directory: string, localtimeS: number): FileSummary {
    const hourMs = hourOf(localtimeS * 1_000);
    const current = this.#current.get(directory);
    if (current?.file.hourMs === hourMs) return current;
    const files = this.#list(directory);
    const newest = files.findLast(({ file }) => file.hourMs === hourMs);
    const summary = newest !== undefined && !newest.foreign ? newest : this.#make(directory, hourMs);
    this.#current.set(directory, summary);
    return summary;
  }

  #make(directory: string, hourMs: number): FileSummary {
    const path = join(this.#directory, directory);
    fs.mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE });
    for (let part = 1; part <= PARTS_MAX; part++) {
      const file = { hourMs, part };
      const summary = { ...EMPTY_SUMMARY, file, path: join(path, fileName(file)) };
      try {
        fs.closeSync(fs.openSync(summary.path, "wx", FILE_MODE));
      } catch (error) {
        if (codeOf(error) === "EEXIST") continue;
        throw error;
      }
      syncDirectory(path);
      syncDirectory(this.#directory);
      const files = this.#list(directory);
      if (!files.some((known) => known.path === summary.path)) files.push(summary);
      return files.find((known) => known.path === summary.path) as FileSummary;
    }
    throw new Error(`${path} has ${PARTS_MAX} files of one hour already`);
  }

  #openFile(summary: FileSummary, directory: string): number {
    const known = this.#open.get(summary);
    if (known !== undefined && !summary.torn) return known;
    let descriptor = known;
    try {
      // Never made here: a file that somebody deleted would begin with what stood in its middle.
      descriptor ??= fs.openSync(summary.path, fs.constants.O_WRONLY | fs.constants.O_APPEND);
    } catch (error) {
      // The next attempt looks at the disk again.
      this.#files.delete(directory);
      this.#current.delete(directory);
      throw error;
    }
    this.#open.set(summary, descriptor);
    if (summary.torn) fs.ftruncateSync(descriptor, summary.bytes);
    summary.torn = false;
    return descriptor;
  }

  /** Where even that fails, it is tried again before the next document. */
  #cut(summary: FileSummary, descriptor: number): void {
    try {
      fs.ftruncateSync(descriptor, summary.bytes);
      summary.torn = false;
    } catch {
      // The error of the write is the one that tells.
    }
  }

  /** @returns undefined where a piece is damaged */
  #unpackAll(summary: FileSummary, { pieces }: StoredDocument): Buffer[] | undefined {
    const texts = [...this.read(summary, pieces)].map(({ text }) => text);
    return texts.length === pieces.length ? texts : undefined;
  }

  #unpack(descriptor: number, piece: StoredPiece): Buffer | undefined {
    try {
      return unpackPiece(piece, readMember(descriptor, piece));
    } catch (error) {
      if (!(error instanceof DamagedPieceError)) throw error;
      this.damaged++;
      return undefined;
    }
  }

  /** Directories of clusters that are no more. */
  #removeEmpty(): void {
    for (const directory of this.#directories()) {
      const path = join(this.#directory, directory);
      if (entriesOf(path).length > 0) continue;
      fs.rmdirSync(path);
      this.#files.delete(directory);
      this.#current.delete(directory);
    }
  }
}
