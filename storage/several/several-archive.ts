/**
 * Several stores as one archive. What is appended goes to all of them. A read asks the
 * best one first - bit for bit before rounded, samples before averages, at hand before
 * far away - and the next one only for what the better ones do not have: before their
 * first sample, behind their last, and in silences of more than an hour. A store whose
 * reads are slow is only asked for times that no better one covers. A time is answered by
 * one store only, so nothing counts twice.
 */
import { type Clock, withDeadline } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import type {
  Archive,
  ArchiveTraits,
  Coverage,
  ManyBucketsQuery,
  ManyQuery,
  ManySamplesQuery,
  NamedBuckets,
  NamedSeries,
  SeriesBatch,
  SeriesQuery,
  SumTable,
} from "../../core/model/archive.js";
import { formatDuration } from "../../core/model/duration.js";
import type { Series, SeriesKey } from "../../core/model/series.js";
import { StorageError } from "../errors.js";
import { copyPacked, givePacked, type PackedTaker, packBatches } from "../pack.js";
import { cutSeries, firstAfter, joinSeries, sliceSeries } from "../series.js";
import type { StoreLog } from "../store.js";
import { after, holesOf, outside, type Range } from "./holes.js";
import { isSilentInBuckets, isSilentInSamples } from "./silence.js";

/** Longer than the spill's ten minutes, so that an ordinary silence is no question to another machine. */
const HOLE_MS = 3_600_000;

/** Of a store that somebody else went on writing while we were away, for so long or more. */
const FOREIGN_HOLE_MS = 300_000;

/** A metric that is told every 20 minutes has no holes between: that many times its usual distance. */
const USUAL_DISTANCES = 4;

/** What a store that hangs may cost a reader. */
const READ_MAX_MS = 40_000;

/** A store that cannot be read is named so often. */
const UNREADABLE_LOGGED_EVERY_MS = 60_000;

export class SeveralArchive implements Archive {
  readonly traits: ArchiveTraits;
  /** Best first. */
  readonly #stores: readonly (Archive & PackedTaker)[];
  readonly #clock: Clock;
  readonly #log: StoreLog;
  readonly #loggedMs = new Map<Archive, number>();
  /** Of slow stores. */
  readonly #knownCoverage = new Map<Archive, Coverage | undefined>();
  readonly #askedCoverage = new Map<Archive, Promise<Coverage | undefined>>();
  #closing: Promise<void> | undefined;

  /** @param stores at least one; closing this closes them */
  constructor(stores: readonly (Archive & PackedTaker)[], clock: Clock, log: StoreLog) {
    const ranked = [...stores].sort((a, b) => rank(a.traits) - rank(b.traits));
    const best = ranked[0];
    if (best === undefined) throw new Error("BUG: several stores, but there is none");
    this.#stores = ranked;
    this.#clock = clock;
    this.#log = log;
    this.traits = Object.freeze({
      name: ranked.map(({ traits }) => traits.name).join("+"),
      resolutionMs: best.traits.resolutionMs,
      exact: best.traits.exact,
      text: ranked.some(({ traits }) => traits.text),
      visibilityDelayMs: best.traits.visibilityDelayMs,
      sumsEveryMs: shortest(ranked.map(({ traits }) => traits.sumsEveryMs)),
    });
  }

  /** Rejects if one of the stores could not take the samples; those that could have them, and pass them over next time. */
  async append(batches: readonly SeriesBatch[]): Promise<void> {
    this.#requireOpen();
    // Before any of them has something: all or nothing holds for all stores together. And once for all.
    const packed = packBatches(batches);
    // Made before the first is given away.
    const copies = this.#stores.map((_, i) => (i === 0 ? packed : copyPacked(packed)));
    const results = await Promise.allSettled(
      this.#stores.map((store, i) => givePacked(store, copies[i] ?? packed, batches)),
    );
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  /** Rejects if one of the stores could not take them; those that could pass over what they have next time. */
  async endSpill(sums: readonly SumTable[]): Promise<void> {
    this.#requireOpen();
    const results = await Promise.allSettled(this.#stores.map((store) => store.endSpill?.(sums)));
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async read({ key, fromMs, toMs }: SeriesQuery): Promise<Series | undefined> {
    this.#requireOpen();
    if (!(fromMs < toMs)) return undefined;
    let found: Series | undefined;
    let covered: Coverage | undefined;
    let failure: unknown;
    for (const store of this.#stores) {
      try {
        const held = await this.#coverageOf(store);
        if (held === undefined) continue;
        // The last instant held belongs to it.
        const range = { fromMs: Math.max(fromMs, held.fromMs), toMs: Math.min(toMs, after(held.toMs)) };
        const known = found === undefined ? undefined : cutSeries(found, range.fromMs, range.toMs);
        const settledMs = Math.max(1, store.traits.resolutionMs);
        const holes = store.traits.slow
          ? outside(range, covered, settledMs)
          : holesOf(known, range, { covered, longerThanMs: holeMs(store, known), settledMs });
        found = interleaved(found, await this.#readHoles(store, key, holes));
        covered = union(covered, held);
      } catch (error) {
        failure ??= error;
        this.#unreadable(store, error);
      }
    }
    if (found === undefined && failure !== undefined) throw failure;
    return found;
  }

  /**
   * Answered where one store has all of the range that any has; otherwise each series is asked for by itself. So it is
   * where all of them are silent for a while that a store of somebody else's has; the silence of one is not looked into.
   */
  async readMany(query: ManySamplesQuery): Promise<readonly NamedSeries[] | undefined> {
    const found = await this.#storeFor(query);
    const series = await found?.store.readMany?.(query);
    if (series === undefined || found === undefined) return undefined;
    return found.others.some((range) => isSilentInSamples(series, range, FOREIGN_HOLE_MS)) ? undefined : series;
  }

  async bucketMany(query: ManyBucketsQuery): Promise<NamedBuckets | undefined> {
    const found = await this.#storeFor(query);
    const buckets = await found?.store.bucketMany?.(query);
    if (buckets === undefined || found === undefined) return undefined;
    return found.others.some((range) => isSilentInBuckets(buckets, range, FOREIGN_HOLE_MS)) ? undefined : buckets;
  }

  /** Of all stores together, as far as they answer. */
  async coverage(): Promise<Coverage | undefined> {
    this.#requireOpen();
    const results = await Promise.allSettled(this.#stores.map((store) => this.#coverageOf(store)));
    let all: Coverage | undefined;
    let answered = false;
    for (const result of results) {
      if (result.status === "rejected") continue;
      answered = true;
      all = union(all, result.value);
    }
    if (!answered) throw (results[0] as PromiseRejectedResult).reason;
    return all;
  }

  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#stores.map((store) => store.close())).then(() => {});
    return this.#closing;
  }

  async #readHoles(store: Archive, key: SeriesKey, holes: readonly Range[]): Promise<Series[]> {
    const parts: Series[] = [];
    for (const { fromMs, toMs } of holes) {
      const part = await this.#within(store.read({ key, fromMs, toMs }));
      if (part !== undefined && part.timesMs.length > 0) parts.push(part);
    }
    return parts;
  }

  /**
   * @returns the store that alone is asked for the range: the best one that has any of it, unless others have more;
   *   and what parts of it stores of somebody else's have too
   */
  async #storeFor({ fromMs, toMs }: ManyQuery): Promise<{ store: Archive; others: Range[] } | undefined> {
    this.#requireOpen();
    const held = await Promise.all(this.#stores.map((store) => this.#coverageOf(store).catch(() => undefined)));
    const inRange = held.map((coverage) => {
      if (coverage === undefined) return undefined;
      const part = { fromMs: Math.max(fromMs, coverage.fromMs), toMs: Math.min(toMs, coverage.toMs) };
      return part.fromMs <= part.toMs ? part : undefined;
    });
    const index = inRange.findIndex((part) => part !== undefined);
    const best = this.#stores[index];
    const own = inRange[index];
    if (best === undefined || own === undefined) return undefined;
    const others: Range[] = [];
    for (let i = index + 1; i < inRange.length; i++) {
      const other = inRange[i];
      // Asked for each series by itself, a slow store would take hours.
      if (other === undefined || this.#stores[i]?.traits.slow) continue;
      const hasMore = other.fromMs < own.fromMs || other.toMs > own.toMs + HOLE_MS;
      if (hasMore || (this.#stores[i]?.traits.text === true && !best.traits.text)) return undefined;
      if (this.#stores[i]?.traits.foreign !== true) continue;
      others.push({ fromMs: Math.max(own.fromMs, other.fromMs), toMs: Math.min(own.toMs, other.toMs) });
    }
    return { store: best, others };
  }

  /** Of a slow store as it was when it was asked the last time: nobody waits for it to know that it is not needed. */
  async #coverageOf(store: Archive): Promise<Coverage | undefined> {
    if (!store.traits.slow) return await this.#within(store.coverage());
    let asked = this.#askedCoverage.get(store);
    if (asked === undefined) {
      asked = this.#within(store.coverage()).finally(() => this.#askedCoverage.delete(store));
      this.#askedCoverage.set(store, asked);
      asked.then(
        (coverage) => this.#knownCoverage.set(store, coverage),
        () => {},
      );
    }
    return this.#knownCoverage.has(store) ? this.#knownCoverage.get(store) : await asked;
  }

  #within<T>(answer: Promise<T>): Promise<T> {
    const tooLate = () => new StorageError("storage-busy", `no answer within ${formatDuration(READ_MAX_MS)}`);
    return withDeadline(this.#clock, answer, READ_MAX_MS, tooLate);
  }

  #unreadable(store: Archive, error: unknown): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - (this.#loggedMs.get(store) ?? Number.NEGATIVE_INFINITY) < UNREADABLE_LOGGED_EVERY_MS) return;
    this.#loggedMs.set(store, nowMs);
    this.#log.warn(`history is answered without ${store.traits.name}: ${messageOf(error)}`);
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw new StorageError("storage-closed", "the storage is closed");
  }
}

function shortest(stepsMs: readonly (number | undefined)[]): number | undefined {
  const known = stepsMs.filter((stepMs) => stepMs !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** @param known what better stores have of the series @returns how long it must be silent to be asked for in this one */
function holeMs({ traits }: Archive, known: Series | undefined): number {
  const count = known?.timesMs.length ?? 0;
  if (traits.foreign !== true || known === undefined || count < 2) return HOLE_MS;
  const distanceMs = ((known.timesMs[count - 1] as number) - (known.timesMs[0] as number)) / (count - 1);
  return Math.min(HOLE_MS, Math.max(FOREIGN_HOLE_MS, USUAL_DISTANCES * distanceMs));
}

/** Lower is better: what is slow comes last; exactness counts before resolution, resolution before distance. */
function rank({ exact, resolutionMs, visibilityDelayMs, slow }: ArchiveTraits): number {
  const kind = (slow ? 2e15 : 0) + (exact ? 0 : 1e15);
  return kind + Math.min(resolutionMs, 1e9) * 1e5 + Math.min(visibilityDelayMs, 9e7) / 1e3;
}

/** Parts lie between the samples of `found`; of different kinds the newest counts, as in a single store. */
function interleaved(found: Series | undefined, parts: readonly Series[]): Series | undefined {
  if (parts.length === 0) return found;
  const pieces: Series[] = [...parts];
  if (found !== undefined) pieces.push(...cutAround(found, parts));
  pieces.sort((a, b) => (a.timesMs[0] as number) - (b.timesMs[0] as number));
  return joinSeries(pieces);
}

/** `found` in pieces, none of which has a part inside it. */
function cutAround(found: Series, parts: readonly Series[]): Series[] {
  const pieces: Series[] = [];
  let from = 0;
  for (const part of parts) {
    const to = firstAfter(found.timesMs, part.timesMs[0] as number);
    if (to > from) pieces.push(sliceSeries(found, from, to));
    from = Math.max(from, to);
  }
  pieces.push(sliceSeries(found, from));
  return pieces.filter((piece) => piece.timesMs.length > 0);
}

function union(a: Coverage | undefined, b: Coverage | undefined): Coverage | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { fromMs: Math.min(a.fromMs, b.fromMs), toMs: Math.max(a.toMs, b.toMs) };
}
