/** Reads what an archive has of many series, a piece of time at a time; series by series where it can do no more. */
import type { Archive, ManyQuery, NamedBuckets, NamedSeries } from "../../core/model/archive.js";
import type { SeriesKey } from "../../core/model/series.js";
import type { ManyNames } from "./recent-many.js";

/** A thousand hosts at one sample in 15 s have 5.8 million samples a day: some 100 ms of the store's thread. */
const PIECE_MS = 86_400_000;

export interface OlderQuery {
  readonly names: ManyNames;
  readonly fromMs: number;
  readonly toMs: number;
  /** By name: an earlier end of that series. */
  readonly endsMs?: ReadonlyMap<string, number> | undefined;
  /** Names to ask for one by one, where the archive can do no more. */
  readonly known: () => Iterable<string>;
  /** No further piece is begun once it aborts. */
  readonly signal: AbortSignal;
  readonly pieceMs?: number;
}

export type OlderPiece = { readonly series: readonly NamedSeries[] } | { readonly buckets: NamedBuckets };

export interface OlderTaken {
  /** Most samples of all pieces; with the first that has more it may end. */
  readonly samplesMax?: number;
  /** Numbers are wanted in buckets, if the archive can; at most so many cells. */
  readonly buckets?: { readonly stepMs: number; readonly cellsMax: number } | undefined;
}

/** Pieces in order of time. */
export async function* readOlder(archive: Archive, query: OlderQuery, wanted: OlderTaken): AsyncGenerator<OlderPiece> {
  const { names, endsMs, signal, pieceMs = PIECE_MS } = query;
  const coverage = query.fromMs < query.toMs ? await archive.coverage() : undefined;
  if (coverage === undefined) return;
  // Behind its last instant nothing is held; that instant itself belongs to it.
  const endMs = Math.min(query.toMs, coverage.toMs + 1);
  let samplesLeft = wanted.samplesMax ?? Number.MAX_SAFE_INTEGER;
  for (let fromMs = Math.max(query.fromMs, coverage.fromMs); fromMs < endMs; fromMs += pieceMs) {
    if (signal.aborted) return;
    const part: ManyQuery = { ...names, fromMs, toMs: Math.min(fromMs + pieceMs, endMs), endsMs };
    if (wanted.buckets !== undefined) {
      const buckets = await archive.bucketMany?.({ ...part, ...wanted.buckets });
      if (buckets !== undefined) {
        yield { buckets };
        continue;
      }
    }
    const many = await archive.readMany?.({ ...part, samplesMax: samplesLeft });
    const series = many ?? (await readEach(archive, part, query, samplesLeft));
    for (const one of series) samplesLeft -= one.series.timesMs.length;
    yield { series };
  }
}

async function readEach(
  archive: Archive,
  { cluster, host, metric, fromMs, toMs, endsMs }: ManyQuery,
  { known, signal }: OlderQuery,
  samplesMax: number,
): Promise<NamedSeries[]> {
  const found: NamedSeries[] = [];
  let samples = 0;
  for (const name of known()) {
    if (signal.aborted || samples > samplesMax) break;
    const endMs = Math.min(toMs, endsMs?.get(name) ?? toMs);
    if (fromMs >= endMs) continue;
    const key: SeriesKey = { cluster, host: host ?? name, metric: metric ?? name };
    const series = await archive.read({ key, fromMs, toMs: endMs });
    if (series === undefined) continue;
    found.push({ name, series });
    samples += series.timesMs.length;
  }
  return found;
}
