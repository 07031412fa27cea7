/** A store in memory that says of itself what a test wants, fails when told to and keeps what it was asked. */
import type { Archive, ArchiveTraits, SeriesBatch, SeriesQuery, SumTable } from "../../../core/model/archive.js";
import { requireBatches } from "../../../storage/batch.js";
import { MemoryArchive, type MemoryData } from "../../../storage/memory/memory-archive.js";

export class FakeStore implements Archive {
  readonly traits: ArchiveTraits;
  readonly #inner: MemoryArchive;
  readonly asked: SeriesQuery[] = [];
  appends = 0;
  /** How many tables of sums came with each end of a spill. */
  readonly ends: number[] = [];
  /** What every call meets; undefined: all is well. */
  fault: Error | undefined;
  /** Calls wait for it. */
  gate: Promise<void> | undefined;

  constructor(traits: Partial<ArchiveTraits> = {}, data: MemoryData = new Map()) {
    this.#inner = new MemoryArchive(data);
    this.traits = { ...this.#inner.traits, ...traits };
  }

  async append(batches: readonly SeriesBatch[]): Promise<void> {
    this.appends++;
    if (this.gate !== undefined) await this.gate;
    if (this.fault !== undefined) throw this.fault;
    // Its rules hold for what is passed over too.
    requireBatches(batches);
    await this.#inner.append(this.traits.text ? batches : batches.filter(({ series }) => series.kind === "number"));
  }

  async endSpill(sums: readonly SumTable[]): Promise<void> {
    await this.#meet();
    this.ends.push(sums.length);
  }

  async read(query: SeriesQuery) {
    this.asked.push(query);
    await this.#meet();
    return this.#inner.read(query);
  }

  async coverage() {
    await this.#meet();
    return this.#inner.coverage();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #meet(): Promise<void> {
    await this.gate;
    if (this.fault !== undefined) throw this.fault;
  }
}
