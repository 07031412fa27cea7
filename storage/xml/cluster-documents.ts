/**
 * One cluster of the store: what its newest document says, what waits for the next ones,
 * and the rules between the two. Each document shows all that is known at the end of a
 * step; of each series it has the newest sample of that step, or an older one with its
 * age. LOCALTIME never goes back: samples that come late, when the document of their time
 * is written, stand in a further document of the newest LOCALTIME, with their true age.
 */
import type { SeriesBatch } from "../../core/model/archive.js";
import { NONE } from "../../core/model/directory.js";
import { kindOf } from "../../core/model/metric.js";
import type { Series } from "../../core/model/series.js";
import { sliceSeries } from "../series.js";
import type { LastDocument } from "./document-directory.js";
import { DocumentPresent } from "./document-present.js";
import { DocumentSamples } from "./document-samples.js";
import { type WrittenPiece, writeDocument } from "./document-writer.js";
import { PendingSamples, stepEndOf } from "./pending-samples.js";

/** A value or host that nobody renewed for so long is not repeated any more; it stays in the documents that have it. */
const REPEATED_FOR_MS = 7 * 86_400_000;

export interface PreparedDocument {
  readonly localtimeS: number;
  readonly pieces: readonly WrittenPiece[];
  /** Of its samples that are new, epoch seconds. */
  readonly fromS: number;
  readonly toS: number;
}

export class ClusterDocuments {
  readonly name: string;
  readonly present: DocumentPresent;
  readonly pending: PendingSamples;
  readonly #everyS: number;
  /** LOCALTIME of the newest document; 0 = none. */
  #lastS = 0;
  /** Made, and refused by the disk: its samples wait nowhere else. */
  #unwritten: PreparedDocument | undefined;
  /** Samples that the limits of a cluster left out. */
  refused = 0;

  /** @param last the newest document of an earlier process */
  constructor(name: string, everyS: number, last: LastDocument | undefined) {
    this.name = name;
    this.present = new DocumentPresent(name);
    this.pending = new PendingSamples(everyS);
    this.#everyS = everyS;
    if (last !== undefined) this.#restore(last);
  }

  get unwritten(): PreparedDocument | undefined {
    return this.#unwritten;
  }

  /**
   * What of the batch is news: behind the newest sample that waits, or behind the step of
   * the newest one that a document has.
   */
  fresh({ key, series }: SeriesBatch): Series {
    const row = this.present.directory.findRow(key.host);
    const waitingS = this.pending.of(row, key.metric)?.timesS.at(-1);
    const writtenS = row === NONE ? 0 : secondOf(this.present.newestMs(row, key.metric));
    const heldS = waitingS ?? (writtenS === 0 ? Number.NEGATIVE_INFINITY : stepEndOf(writtenS, this.#everyS));
    const { timesMs } = series;
    let begin = 0;
    while (begin < timesMs.length && secondOf(timesMs[begin] as number) <= heldS) begin++;
    return sliceSeries(series, begin);
  }

  /** Keeps what is news until its document is written. */
  add(batch: SeriesBatch): void {
    const { key, type, units, slope, tmaxS } = batch;
    const series = this.fresh(batch);
    if (series.timesMs.length === 0) return;
    const { directory } = this.present;
    const row = directory.row(key.host);
    const column = row === NONE ? NONE : directory.column(key.metric, kindOf(type));
    if (column === NONE) {
      this.refused += series.timesMs.length;
      return;
    }
    const facts = { type, units, slope, tmaxS };
    for (let i = 0; i < series.timesMs.length; i++) {
      const timeS = secondOf(series.timesMs[i] as number);
      const value = series.kind === "number" ? (series.values[i] as number) : (series.texts[i] as string);
      this.pending.push(row, key.metric, timeS, value, facts);
    }
  }

  /**
   * Makes documents of all steps that end by then, and hands each on.
   * @param write throws where the disk refuses; the document then comes first the next time
   * @param isEnough asked after each document: the rest is left for the next time
   */
  flush(untilS: number, write: (document: PreparedDocument) => void, isEnough: () => boolean): void {
    if (this.#unwritten !== undefined) this.#write(this.#unwritten, write);
    this.#forget(untilS);
    for (;;) {
      const stepEndS = this.pending.firstStepEndS();
      if (stepEndS > untilS || stepEndS === Number.POSITIVE_INFINITY) return;
      this.#write(this.#prepare(Math.max(stepEndS, this.#lastS)), write);
      if (isEnough()) return;
    }
  }

  #write(document: PreparedDocument, write: (document: PreparedDocument) => void): void {
    this.#unwritten = document;
    write(document);
    this.#unwritten = undefined;
  }

  #prepare(localtimeS: number): PreparedDocument {
    const fresh = new Map<number, { fromS: number; toS: number }>();
    let fromS = Number.POSITIVE_INFINITY;
    let toS = Number.NEGATIVE_INFINITY;
    this.pending.takeUntil(localtimeS, ({ row, metric }, timeS, value, facts) => {
      this.present.set(row, metric, facts, value, timeS * 1_000, localtimeS - timeS);
      const known = fresh.get(row);
      fresh.set(row, { fromS: Math.min(timeS, known?.fromS ?? timeS), toS: Math.max(timeS, known?.toS ?? timeS) });
      fromS = Math.min(fromS, timeS);
      toS = Math.max(toS, timeS);
    });
    const pieces = writeDocument(this.present, localtimeS, fresh);
    this.present.endDocument();
    this.#lastS = localtimeS;
    return { localtimeS, pieces, fromS, toS };
  }

  #forget(untilS: number): void {
    const nowMs = Math.max(this.#lastS, Math.min(untilS, this.pending.newestS)) * 1_000;
    this.present.forget(nowMs - REPEATED_FOR_MS, nowMs, (row) => this.pending.hasRow(row));
  }

  #restore({ document, texts }: LastDocument): void {
    const { localtimeS } = document;
    const reader = new DocumentSamples({ cluster: this.name }, () => {});
    const { present } = this;
    reader.onFrame = (frame) => {
      const { directory } = reader;
      present.directory.setFacts(directory.facts);
      const rows = new Map<number, number>();
      for (let i = 0; i < frame.heardCount; i++) {
        const from = frame.heardRows[i] as number;
        const facts = directory.host(from);
        const row = facts === undefined ? NONE : present.directory.row(facts.name);
        if (facts === undefined || row === NONE) continue;
        rows.set(from, row);
        present.directory.describeHost(row, facts);
        present.heard(row, frame.heardTimesMs[i] as number);
      }
      for (let i = 0; i < frame.count; i++) {
        const row = rows.get(frame.rows[i] as number);
        if (row === undefined) continue;
        const { metric, meta, value, timeMs } = reader.whole(frame, i);
        present.directory.column(metric, kindOf(meta.type));
        present.describeMetric(row, meta);
        present.set(row, metric, meta, value, timeMs, 0);
      }
    };
    reader.read({ localtimeS, hasHead: true, hasEnd: true, texts });
    this.#lastS = localtimeS;
  }
}

/** Documents have whole seconds. */
export function secondOf(timeMs: number): number {
  return Math.floor(timeMs / 1_000);
}
