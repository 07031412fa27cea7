/** What the store remembers of each of its files, so that a question opens only those that matter. */
import * as fs from "node:fs";
import { walkFile } from "./document-file.js";
import type { DocumentFile } from "./file-names.js";

/** A file of a cluster and what its documents speak of; samples that earlier documents had too do not count. */
export interface FileSummary {
  readonly file: DocumentFile;
  readonly path: string;
  /** Whole documents. */
  bytes: number;
  /** What stands behind them is to be cut before anything is written. */
  torn: boolean;
  /** Nothing in it is ours: it is left alone. */
  foreign: boolean;
  fromS: number;
  toS: number;
}

/** Of a file that was just made. */
export const EMPTY_SUMMARY = Object.freeze({
  bytes: 0,
  torn: false,
  foreign: false,
  fromS: Number.POSITIVE_INFINITY,
  toS: Number.NEGATIVE_INFINITY,
});

/** @throws the system's error */
export function summaryOf(file: DocumentFile, path: string): FileSummary {
  const { documents, goodBytes, sizeBytes, foreign } = walkFile(path);
  const summary: FileSummary = { ...EMPTY_SUMMARY, file, path, bytes: goodBytes, foreign };
  summary.torn = goodBytes < sizeBytes;
  for (const { pieces } of documents) {
    for (const { fromS, toS } of pieces) {
      summary.fromS = Math.min(summary.fromS, fromS);
      summary.toS = Math.max(summary.toS, toS);
    }
  }
  return summary;
}

/** On the disk; what is not ours counts too. */
export function sizeOf({ path }: FileSummary): number {
  return fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
