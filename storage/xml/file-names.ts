/** Where documents lie: a directory for each cluster, a file for each hour. Pure. */
import { createHash } from "node:crypto";

const HOUR_MS = 3_600_000;

/** File systems take 255 octets; a name of 512 characters may have three times as many, written out. */
const DIRECTORY_LENGTH_MAX = 150;

export interface DocumentFile {
  /** The hour of its documents' LOCALTIME, epoch ms. */
  readonly hourMs: number;
  /** From 1 on; a further one is begun only where what is there is somebody else's. */
  readonly part: number;
}

/**
 * Names of clusters come from the network: what is not a letter, digit, dash or
 * underscore, or a dot behind the first character, is written as %XX.
 * Different names have different directories.
 */
export function directoryName(cluster: string): string {
  let name = "";
  for (const octet of Buffer.from(cluster, "utf8")) {
    const char = String.fromCharCode(octet);
    const plain = /[A-Za-z0-9_-]/.test(char) || (char === "." && name !== "");
    name += plain ? char : `%${octet.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  if (name.length <= DIRECTORY_LENGTH_MAX) return name;
  // "~" is never plain, so that no other name can be the same.
  return `${name.slice(0, DIRECTORY_LENGTH_MAX)}~${createHash("sha256").update(cluster, "utf8").digest("hex").slice(0, 16)}`;
}

/** 2026-11-22T01Z.xml.gz, 2026-11-22T01Z-2.xml.gz ... */
export function fileName({ hourMs, part }: DocumentFile): string {
  const hour = new Date(hourMs).toISOString().slice(0, 13);
  return `${hour}Z${part === 1 ? "" : `-${part}`}.xml.gz`;
}

/** @returns undefined for a name that fileName never gives */
export function parseFileName(name: string): DocumentFile | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d)Z(?:-([1-9]\d{0,5}))?\.xml\.gz$/.exec(name);
  if (match === null) return undefined;
  const hourMs = Date.parse(`${match[1]}:00:00Z`);
  const file = { hourMs, part: Number(match[2] ?? 1) };
  return Number.isNaN(hourMs) || fileName(file) !== name ? undefined : file;
}

/** The hour that an instant lies in, epoch ms. */
export function hourOf(timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS) * HOUR_MS;
}

/** The first instant behind the hour of a file. */
export function endOfHour({ hourMs }: DocumentFile): number {
  return hourMs + HOUR_MS;
}
