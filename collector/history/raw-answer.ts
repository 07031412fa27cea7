/** One series put together from what an archive and the window have of it. */
import type { Series, SeriesKey } from "../../core/model/series.js";
import { inOrder } from "../window/series-builder.js";
import { HistoryError } from "./limits.js";

/** Samples as they came. If the metric changed its kind, the newest piece's counts. */
export class RawAnswer {
  readonly #key: SeriesKey;
  readonly #recent: Series | undefined;
  readonly #samplesMax: number;
  #pieces: Series[] = [];
  #count = 0;

  constructor(key: SeriesKey, recent: Series | undefined, samplesMax: number) {
    this.#key = key;
    this.#recent = recent;
    this.#samplesMax = samplesMax;
    this.#limit(recent?.timesMs.length ?? 0);
  }

  /** Pieces come in order of time. */
  addOlder(piece: Series): void {
    if (this.#pieces[0]?.kind !== piece.kind) {
      this.#pieces = [];
      this.#count = 0;
    }
    this.#pieces.push(piece);
    this.#count += piece.timesMs.length;
    this.#limit(this.#count + (this.#recent?.timesMs.length ?? 0));
  }

  finish(): Series | undefined {
    const recent = this.#recent;
    const olderCounts = recent === undefined || this.#pieces[0]?.kind === recent.kind;
    const pieces = [...(olderCounts ? this.#pieces : []), ...(recent === undefined ? [] : [recent])];
    // Where window and archive are united, samples of both are mixed; of two equal ones the last, the window's, stays.
    return pieces.length < 2 ? pieces[0] : inOrder(concatenate(pieces));
  }

  #limit(count: number): void {
    if (count <= this.#samplesMax) return;
    const { metric, host } = this.#key;
    throw new HistoryError(
      `history of ${metric} on ${host}: more than ${this.#samplesMax} samples, ask for steps or a shorter range`,
    );
  }
}

/** @param pieces of one kind, at least one */
function concatenate(pieces: readonly Series[]): Series {
  const count = pieces.reduce((sum, piece) => sum + piece.timesMs.length, 0);
  const timesMs = new Float64Array(count);
  const values = new Float64Array(count);
  const texts: string[] = [];
  let at = 0;
  for (const piece of pieces) {
    timesMs.set(piece.timesMs, at);
    if (piece.kind === "number") values.set(piece.values, at);
    else for (const text of piece.texts) texts.push(text);
    at += piece.timesMs.length;
  }
  return pieces[0]?.kind === "text" ? { kind: "text", timesMs, texts } : { kind: "number", timesMs, values };
}
