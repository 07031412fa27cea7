/** A document as members of gzip: Ganglia's XML of one cluster in runs of hosts, each packed by itself. */
import { DOCUMENT_HEAD, GANGLIA_XML_CLOSE, gangliaXmlOpen, writeCluster } from "../../core/wire/ganglia/xml-writer.js";
import type { DocumentPresent } from "./document-present.js";
import { encodePiece, HOSTS_PER_PIECE_MAX, hostHash } from "./gzip-member.js";

/** The Ganglia whose documents these are; readers judge by it. */
const GANGLIA_VERSION = "3.7.2";

/** Some 70 hosts with 55 metrics: who asks for one host unpacks no more. Packing gains nothing beyond. */
const PIECE_BYTES = 2 ** 20;

/** Times of samples that are new in a document, by row, epoch seconds. */
export type FreshTimes = ReadonlyMap<number, { readonly fromS: number; readonly toS: number }>;

export interface WrittenPiece {
  readonly member: Buffer;
  readonly textBytes: number;
}

/** @returns the members of one document */
export function writeDocument(present: DocumentPresent, localtimeS: number, fresh: FreshTimes): WrittenPiece[] {
  const rows = listedRows(present);
  const pieces: WrittenPiece[] = [];
  let chunks: string[] = [DOCUMENT_HEAD, gangliaXmlOpen(GANGLIA_VERSION, "gmond")];
  let chars = 0;
  let first = 0;
  const end = (next: number, last: boolean) => {
    const text = Buffer.from(chunks.join(""), "latin1");
    const head = { first: pieces.length === 0, last, localtimeS, ...headOf(present, rows.slice(first, next), fresh) };
    pieces.push({ member: encodePiece(head, text), textBytes: text.length });
    chunks = [];
    chars = 0;
    first = next;
  };
  // One chunk opens the cluster, one closes it, and between them each host has one.
  let chunk = 0;
  for (const text of writeCluster(present, localtimeS * 1_000)) {
    chunks.push(text);
    chars += text.length;
    const hosts = chunk++;
    if (hosts < rows.length && (chars >= PIECE_BYTES || hosts - first >= HOSTS_PER_PIECE_MAX)) end(hosts, false);
  }
  if (chunk !== rows.length + 2) throw new Error(`BUG: ${rows.length} hosts were written as ${chunk} chunks`);
  chunks.push(GANGLIA_XML_CLOSE);
  end(rows.length, true);
  return pieces;
}

/** As the writer chooses them. */
function listedRows(present: DocumentPresent): number[] {
  const rows: number[] = [];
  for (let row = 0; row < present.rowCount; row++) {
    if (present.directory.host(row) !== undefined && (present.reportedMs[row] ?? 0) > 0) rows.push(row);
  }
  return rows;
}

function headOf(present: DocumentPresent, rows: readonly number[], fresh: FreshTimes) {
  let fromS = Number.POSITIVE_INFINITY;
  let toS = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    const times = fresh.get(row);
    if (times === undefined) continue;
    fromS = Math.min(fromS, times.fromS);
    toS = Math.max(toS, times.toS);
  }
  const hosts = Uint32Array.from(rows, (row) => hostHash(present.directory.host(row)?.name ?? ""));
  return { fromS, toS, hosts };
}
