/**
 * Samples out of documents: the pieces that are wanted are read by Ganglia's own reader,
 * and each cell that says something new of a wanted series is handed on.
 */
import { ClusterDirectory } from "../../core/model/directory.js";
import type { Frame, FrameSink } from "../../core/model/frame.js";
import type { MetricMeta } from "../../core/model/metric.js";
import { GangliaXmlReader, type ReaderLimits } from "../../core/wire/ganglia/xml-reader.js";
import { escapeXml } from "../../core/wire/xml/escape.js";
import { exactOf, withoutExact } from "./exact-value.js";

/** What was written comes back, however long a text is. */
const LIMITS: Partial<ReaderLimits> = { attributeOctetsMax: 2 ** 30, extraPairsMax: 1_024, hostsMax: 65_536 };

export interface DocumentCell {
  readonly host: string;
  readonly metric: string;
  readonly timeMs: number;
  readonly value: number | string;
}

export interface WholeCell extends DocumentCell {
  readonly meta: MetricMeta;
}

export interface Wanted {
  readonly cluster: string;
  /** Absent: all of them. */
  readonly host?: string | undefined;
  readonly metric?: string | undefined;
}

/** Text of some pieces of one document, in order. */
export interface DocumentPart {
  readonly localtimeS: number;
  /** It begins with the document's own head. */
  readonly hasHead: boolean;
  readonly hasEnd: boolean;
  readonly texts: readonly Buffer[];
}

/** Reads documents one after the other; in steady state nothing is made but the numbers. */
export class DocumentSamples {
  readonly #wanted: Wanted;
  readonly #onCell: (cell: DocumentCell) => void;
  readonly #reader: GangliaXmlReader;
  readonly directory: ClusterDirectory;
  /** Of the newest document, as the reader hands it on; valid until the next one. */
  onFrame: ((frame: Frame) => void) | undefined;

  /** @param onCell for each cell of a wanted series, repeated ones included */
  constructor(wanted: Wanted, onCell: (cell: DocumentCell) => void) {
    this.#wanted = wanted;
    this.#onCell = onCell;
    this.directory = new ClusterDirectory(wanted.cluster);
    const sink: FrameSink = {
      directory: (name) => (name === wanted.cluster ? this.directory : undefined),
      accept: (frame) => this.#accept(frame),
      acceptSums: () => {},
    };
    this.#reader = new GangliaXmlReader({ source: "documents", sink, limits: LIMITS });
  }

  read({ localtimeS, hasHead, hasEnd, texts }: DocumentPart): void {
    const open = `<GANGLIA_XML VERSION="" SOURCE="gmond">\n<CLUSTER NAME="${escapeXml(this.#wanted.cluster)}" LOCALTIME="${localtimeS}">\n`;
    const parts: Buffer[] = hasHead ? [...texts] : [Buffer.from(open, "latin1"), ...texts];
    if (!hasEnd) parts.push(Buffer.from("</CLUSTER>\n</GANGLIA_XML>\n", "latin1"));
    const [only] = parts;
    this.#reader.read(parts.length === 1 && only !== undefined ? only : Buffer.concat(parts), localtimeS * 1_000);
  }

  /** Hot: runs over every cell of a document for each question. */
  #accept(frame: Frame): void {
    this.onFrame?.(frame);
    const { host, metric } = this.#wanted;
    const { directory } = this;
    const onlyRow = host === undefined ? -1 : directory.findRow(host);
    if (host !== undefined && onlyRow < 0) return;
    const numbers = metric === undefined ? -1 : directory.findColumn(metric, "number");
    const textual = metric === undefined ? -1 : directory.findColumn(metric, "text");
    for (let i = 0; i < frame.count; i++) {
      const row = frame.rows[i] as number;
      const column = frame.columns[i] as number;
      if (host !== undefined && row !== onlyRow) continue;
      if (metric !== undefined && column !== numbers && column !== textual) continue;
      this.#onCell(this.#cellAt(frame, i, row, column));
    }
  }

  /** With what is said of the metric. */
  whole(frame: Frame, i: number): WholeCell {
    const row = frame.rows[i] as number;
    const column = frame.columns[i] as number;
    const { name, kind } = this.directory.columnFacts(column);
    const meta = this.directory.meta(row, column) ?? {
      name,
      type: kind === "text" ? "string" : "double",
      units: "",
      slope: "unspecified",
      tmaxS: 0,
      dmaxS: 0,
      extra: [],
    };
    return { ...this.#cellAt(frame, i, row, column), meta: withoutExact(meta) };
  }

  #cellAt(frame: Frame, i: number, row: number, column: number): DocumentCell {
    const { directory } = this;
    const { name, kind } = directory.columnFacts(column);
    const meta = directory.meta(row, column);
    const plain = kind === "text" ? (frame.texts[frame.values[i] as number] ?? "") : (frame.values[i] as number);
    const value = (meta === undefined ? undefined : exactOf(meta, kind)) ?? plain;
    return { host: directory.host(row)?.name ?? "", metric: name, timeMs: frame.timesMs[i] as number, value };
  }
}
