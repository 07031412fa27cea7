/** One question to the documents of a cluster: which pieces it needs, and the samples that are in them. */
import type { Series } from "../../core/model/series.js";
import type { ClusterDocuments } from "./cluster-documents.js";
import type { DocumentDirectory } from "./document-directory.js";
import { type StoredDocument, type StoredPiece, walkFile } from "./document-file.js";
import { type DocumentCell, type DocumentPart, DocumentSamples, type Wanted } from "./document-samples.js";
import type { FileSummary } from "./file-summary.js";
import { decodeHead, headBytesOf, hostHash, type PieceHead, unpackPiece } from "./gzip-member.js";
import { seriesOf } from "./pending-samples.js";

/** Documents are read one after the other, and so many bytes of one at a time. */
export class TooMuchToRead extends Error {
  override readonly name = "TooMuchToRead";
  readonly bytes: number;

  constructor(bytes: number) {
    super(`${bytes} bytes of documents`);
    this.bytes = bytes;
  }
}

export interface FoundSeries {
  readonly host: string;
  readonly metric: string;
  readonly series: Series;
}

/** Samples of one series, in order of time. */
interface Found {
  readonly host: string;
  readonly metric: string;
  readonly timesS: number[];
  readonly values: (number | string)[];
}

interface Query extends Wanted {
  readonly fromMs: number;
  readonly toMs: number;
}

export class DocumentQuery {
  readonly #query: Query;
  readonly #files: DocumentDirectory;
  readonly #cluster: ClusterDocuments | undefined;
  readonly #bytesMax: number;
  readonly #hostHash: number | undefined;
  readonly #found = new Map<string, Found>();

  constructor(query: Query, files: DocumentDirectory, cluster: ClusterDocuments | undefined, bytesMax: number) {
    this.#query = query;
    this.#files = files;
    this.#cluster = cluster;
    this.#bytesMax = bytesMax;
    this.#hostHash = query.host === undefined ? undefined : hostHash(query.host);
  }

  /** @throws TooMuchToRead before anything is unpacked; the system's error */
  run(): FoundSeries[] {
    const { cluster, host, metric } = this.#query;
    const reader = new DocumentSamples({ cluster, host, metric }, (cell) => this.#take(cell));
    for (const [summary, documents] of this.#choose()) {
      for (const pieces of documents) {
        for (const part of partsOf([...this.#files.read(summary, pieces)])) reader.read(part);
      }
    }
    for (const part of this.#unwritten()) reader.read(part);
    this.#takePending();
    return [...this.#found.values()].map((found) => ({
      host: found.host,
      metric: found.metric,
      series: newestKind(found),
    }));
  }

  /** Pieces that are needed, document by document, in the order in which they were written. */
  #choose(): [FileSummary, StoredPiece[][]][] {
    const chosen: [FileSummary, StoredPiece[][]][] = [];
    let bytes = 0;
    for (const summary of this.#files.of(this.#query.cluster)) {
      if (summary.foreign || !this.#overlaps(summary)) continue;
      const documents: StoredPiece[][] = [];
      for (const { pieces } of documentsOf(summary)) {
        const needed = pieces.filter((piece) => this.#isNeeded(piece));
        for (const { textBytes } of needed) bytes += textBytes;
        if (needed.length > 0) documents.push(needed);
      }
      chosen.push([summary, documents]);
    }
    if (bytes > this.#bytesMax) throw new TooMuchToRead(bytes);
    return chosen;
  }

  /** What the disk refused, and what waits for it: not in a file, but held. */
  #unwritten(): DocumentPart[] {
    const pieces = this.#cluster?.unwritten?.pieces ?? [];
    const read = pieces.map(({ member }) => {
      const piece = decodeHead(member.subarray(0, headBytesOf(member) ?? 0));
      if (piece === undefined) throw new Error("BUG: a document that was just made cannot be read");
      return { piece: { ...piece, offset: 0 }, text: unpackPiece(piece, member) };
    });
    return partsOf(read);
  }

  #takePending(): void {
    const cluster = this.#cluster;
    if (cluster === undefined) return;
    const { directory } = cluster.present;
    for (const { row, metric, timesS, values } of cluster.pending.all()) {
      const host = directory.host(row)?.name ?? "";
      if (host !== (this.#query.host ?? host) || metric !== (this.#query.metric ?? metric)) continue;
      for (const [i, timeS] of timesS.entries()) {
        this.#take({ host, metric, timeMs: timeS * 1_000, value: values[i] as number | string });
      }
    }
  }

  /** Hot: a value is repeated by each document until it is renewed. */
  #take({ host, metric, timeMs, value }: DocumentCell): void {
    if (!(timeMs >= this.#query.fromMs && timeMs < this.#query.toMs)) return;
    // Names have no control characters, so NUL keeps the two apart.
    const key = `${host}\0${metric}`;
    const found = this.#found.get(key) ?? { host, metric, timesS: [], values: [] };
    const timeS = timeMs / 1_000;
    if (timeS <= (found.timesS.at(-1) ?? Number.NEGATIVE_INFINITY)) return;
    if (found.timesS.length === 0) this.#found.set(key, found);
    found.timesS.push(timeS);
    found.values.push(value);
  }

  #isNeeded(piece: PieceHead): boolean {
    return this.#overlaps(piece) && (this.#hostHash === undefined || piece.hosts.includes(this.#hostHash));
  }

  #overlaps({ fromS, toS }: { readonly fromS: number; readonly toS: number }): boolean {
    return fromS * 1_000 < this.#query.toMs && toS * 1_000 >= this.#query.fromMs;
  }
}

/** Only what was written by the time the file was looked at last; what is behind it may be half a document. */
function* documentsOf({ path, bytes }: FileSummary): Generator<StoredDocument> {
  for (const document of walkFile(path).documents) if (document.end <= bytes) yield document;
}

/** Runs of pieces that can be read as one document. */
function partsOf(pieces: readonly { readonly piece: StoredPiece; readonly text: Buffer }[]): DocumentPart[] {
  const first = pieces[0];
  const last = pieces.at(-1);
  if (first === undefined || last === undefined) return [];
  return [
    {
      localtimeS: first.piece.localtimeS,
      hasHead: first.piece.first,
      hasEnd: last.piece.last,
      texts: pieces.map(({ text }) => text),
    },
  ];
}

/** A metric may have changed from numbers to text or back: the kind of the newest sample counts. */
function newestKind({ timesS, values }: Found): Series {
  const isText = typeof values.at(-1) === "string";
  const isAlike = (_: unknown, i: number) => (typeof values[i] === "string") === isText;
  return seriesOf(timesS.filter(isAlike), values.filter(isAlike), isText);
}
