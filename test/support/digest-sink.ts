/** A FrameSink that boils everything it is told down to a number, cheaply enough for a million documents. */
import { ClusterDirectory } from "../../core/model/directory.js";
import type { Frame, FrameSink } from "../../core/model/frame.js";
import { nameFault } from "../../core/model/names.js";
import type { ReportedSums } from "../../core/model/summary.js";

/** Mutated documents bring ever new names of clusters; with so many all of them are forgotten. */
const CLUSTERS_MAX = 100;

export class DigestSink implements FrameSink {
  /** Of everything since the last begin(), by names: rows and columns do not show. */
  digest = 0;
  /** Of hosts, metrics and their values alone, without times. */
  values = 0;
  cells = 0;
  heard = 0;
  readonly sums: ReportedSums[] = [];
  /** What must never come out of a reader; empty as long as all is well. */
  readonly faults: string[] = [];
  readonly #directories = new Map<string, ClusterDirectory>();
  readonly #double = new Float64Array(1);
  readonly #words = new Uint32Array(this.#double.buffer);

  begin(): void {
    this.digest = 0;
    this.values = 0;
    this.cells = 0;
    this.heard = 0;
    this.sums.length = 0;
    if (this.#directories.size > CLUSTERS_MAX) this.#directories.clear();
  }

  directory(clusterName: string): ClusterDirectory | undefined {
    const known = this.#directories.get(clusterName);
    if (known !== undefined) return known;
    if (nameFault(clusterName) !== undefined) return undefined;
    const made = new ClusterDirectory(clusterName);
    this.#directories.set(clusterName, made);
    return made;
  }

  accept(frame: Frame): void {
    const { directory } = frame;
    for (let i = 0; i < frame.count; i++) {
      const host = directory.host(frame.rows[i] as number);
      const { name, kind } = directory.columnFacts(frame.columns[i] as number);
      if (host === undefined) this.faults.push("a cell of a row that is free");
      const value = frame.values[i] as number;
      const timeMs = frame.timesMs[i] as number;
      this.#text(directory.name, host?.name ?? "", name);
      if (kind === "text") this.#text(frame.texts[value] ?? "missing");
      else this.#numbers(value);
      this.#numbers(frame.decimals[i] as number);
      this.#times(timeMs);
      if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) this.faults.push("infinity");
      if (!(timeMs > 0 && timeMs <= frame.timeMs + 2_000)) this.faults.push(`a value of time ${timeMs}`);
    }
    for (let i = 0; i < frame.heardCount; i++) {
      const name = directory.host(frame.heardRows[i] as number)?.name ?? "";
      this.digest = textInto(this.digest, name);
      this.#times(frame.heardTimesMs[i] as number);
    }
    this.cells += frame.count;
    this.heard += frame.heardCount;
  }

  acceptSums(sums: ReportedSums): void {
    this.sums.push(sums);
    const { name, summary } = sums;
    this.#text(name);
    this.#numbers(summary.hostsUp, summary.hostsDown);
    for (const { meta, sum, num } of summary.metrics) {
      this.#text(meta.name);
      this.#numbers(sum, num);
      if (!Number.isFinite(sum) || !(num >= 0)) this.faults.push(`sum ${sum} of ${num}`);
    }
  }

  #numbers(...numbers: readonly number[]): void {
    for (const number of numbers) {
      this.#double[0] = number;
      this.digest = this.#doubleInto(this.digest);
      this.values = this.#doubleInto(this.values);
    }
  }

  #times(timeMs: number): void {
    this.#double[0] = timeMs;
    this.digest = this.#doubleInto(this.digest);
  }

  #text(...texts: readonly string[]): void {
    for (const text of texts) {
      this.digest = textInto(this.digest, text);
      this.values = textInto(this.values, text);
    }
  }

  #doubleInto(digest: number): number {
    return mix(mix(digest, this.#words[0] as number), this.#words[1] as number);
  }
}

function textInto(digest: number, text: string): number {
  let mixed = mix(digest, text.length);
  for (let i = 0; i < text.length; i++) mixed = mix(mixed, text.charCodeAt(i));
  return mixed;
}

function mix(digest: number, word: number): number {
  const mixed = Math.imul(digest ^ word, 0x01000193);
  return mixed ^ (mixed >>> 15);
}
