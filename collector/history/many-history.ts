/**
 * History of many series in one question: one metric of all hosts of a cluster,
 * or all metrics of one host, from the window and from an archive.
 *
 * The seam is each series' own: the first sample that the window holds of it.
 * What is older the archive sums up itself, where it can. Where the window holds
 * what came from the log of a run before, it may lack what that run had archived
 * while its log could not be written: from the seam on the samples of both are
 * united, and one that both hold counts once. An archive of averages has no
 * samples that could be united with others; there the window alone counts.
 */
import type { Archive } from "../../core/model/archive.js";
import { BucketGrid, type BucketTable } from "../../core/model/bucket-table.js";
import type { ClusterDirectory } from "../../core/model/directory.js";
import type { Series } from "../../core/model/series.js";
import type { RecentWindow } from "../window/recent-window.js";
import {
  checkRange,
  DEFAULT_HISTORY_LIMITS,
  HistoryError,
  type HistoryLimits,
  type HistoryRange,
  wholeBuckets,
} from "./limits.js";
import { type OlderQuery, readOlder } from "./older-many.js";
import { RawAnswer } from "./raw-answer.js";
import { type ManyNames, type RecentTaker, SeriesTaker, takeRecent } from "./recent-many.js";

/** The table refuses cells that are further ahead of their frame. */
const CELL_FUTURE_MS_MAX = 60_000;

/** What is united is read sample by sample: a quarter of a million of them at 1,000 hosts. */
const UNITED_PIECE_MS = 3_600_000;

export interface ManyHistoryOptions {
  readonly window: RecentWindow;
  readonly archive: Archive | undefined;
  /** Number of the newest frame that came from the log. */
  readonly lastReplayed: () => number;
  /** undefined for a cluster nobody has named. */
  readonly directory: (cluster: string) => ClusterDirectory | undefined;
  readonly limits?: HistoryLimits;
}

export class ManyHistory {
  readonly #options: ManyHistoryOptions;
  readonly #limits: HistoryLimits;

  constructor(options: ManyHistoryOptions) {
    this.#options = options;
    this.#limits = options.limits ?? DEFAULT_HISTORY_LIMITS;
  }

  /**
   * Samples as they came, by the name that was not given.
   * @throws HistoryError if the range is none or there are too many samples
   */
  async samples(names: ManyNames, range: HistoryRange, signal: AbortSignal): Promise<Map<string, Series>> {
    checkRange(range, this.#limits);
    const count = new SampleCount(this.#limits.samplesMax);
    const taker = new SeriesTaker((samples) => count.add(samples));
    const recent = this.#takeRecent(names, range, taker);
    const recentSeries = taker.finish();
    const answers = new Map<string, RawAnswer>();
    const answerOf = (name: string) => {
      const { cluster, host = name, metric = name } = names;
      const known = answers.get(name);
      if (known !== undefined) return known;
      const made = new RawAnswer({ cluster, host, metric }, recentSeries.get(name), this.#limits.samplesMax);
      answers.set(name, made);
      return made;
    };
    for (const name of recentSeries.keys()) answerOf(name);
    const { archive } = this.#options;
    if (archive !== undefined && !recent.isAll) {
      const endsMs = recent.isUnited ? undefined : recent.seamsMs;
      const query = this.#olderQuery(names, range, signal, endsMs);
      for await (const piece of readOlder(archive, query, { samplesMax: count.left })) {
        if (!("series" in piece)) continue;
        for (const { name, series } of piece.series) {
          count.add(series.timesMs.length);
          answerOf(name).addOlder(series);
        }
      }
    }
    const found = new Map<string, Series>();
    for (const [name, answer] of answers) {
      const series = answer.finish();
      if (series !== undefined) found.set(name, series);
    }
    return found;
  }

  /**
   * Numbers by steps; texts are passed over. Steps at the ends are filled whole.
   * @throws HistoryError if the range is none or there are too many buckets
   */
  async buckets(
    names: ManyNames,
    asked: HistoryRange & { readonly stepMs: number },
    signal: AbortSignal,
  ): Promise<{ readonly names: readonly string[]; readonly table: BucketTable }> {
    checkRange(asked, this.#limits);
    const range = wholeBuckets(asked, asked.stepMs);
    const rows = new GridRows(range, this.#limits.cellsMax);
    const { archive } = this.#options;
    const counted = archive !== undefined && this.#isUnited(names.cluster) ? new Map<string, Set<number>>() : undefined;
    const recent = this.#takeRecent(names, range, {
      number(name, timeMs, value) {
        rows.add(name, timeMs, value);
        if (counted !== undefined) timesOf(counted, name).add(timeMs);
      },
      text() {},
    });
    if (archive === undefined || recent.isAll) return rows.finish();
    const { stepMs } = range;
    const older = this.#olderQuery(names, range, signal, recent.seamsMs);
    const wanted = { buckets: { stepMs, cellsMax: this.#limits.cellsMax } };
    for await (const piece of readOlder(archive, older, wanted)) {
      if ("series" in piece) {
        for (const { name, series } of piece.series) rows.addSeries(name, series);
      } else {
        const { names: found, table } = piece.buckets;
        for (const [row, name] of found.entries()) rows.addTableRow(name, table, row);
      }
    }
    if (counted !== undefined)
      await this.#unite(archive, { ...older, endsMs: undefined }, recent.seamsMs, counted, rows);
    return rows.finish();
  }

  /** Adds what only the archive has of the time that the window covers. */
  async #unite(
    archive: Archive,
    query: OlderQuery,
    seamsMs: ReadonlyMap<string, number>,
    counted: ReadonlyMap<string, ReadonlySet<number>>,
    rows: GridRows,
  ): Promise<void> {
    let fromMs = Number.POSITIVE_INFINITY;
    for (const seamMs of seamsMs.values()) fromMs = Math.min(fromMs, seamMs);
    const part = { ...query, fromMs: Math.max(query.fromMs, fromMs), pieceMs: UNITED_PIECE_MS };
    for await (const piece of readOlder(archive, part, {})) {
      if (!("series" in piece)) continue;
      for (const { name, series } of piece.series) {
        // Of a series that the window does not know all was counted already.
        const seamMs = seamsMs.get(name) ?? Number.POSITIVE_INFINITY;
        const times = counted.get(name);
        rows.addSeries(name, series, (timeMs) => timeMs >= seamMs && times?.has(timeMs) !== true);
      }
    }
  }

  #takeRecent(names: ManyNames, { fromMs, toMs }: HistoryRange, taker: RecentTaker): Recent {
    const { window, directory: directoryOf, archive } = this.#options;
    const directory = directoryOf(names.cluster);
    const isUnited = archive !== undefined && this.#isUnited(names.cluster);
    if (directory === undefined) return { seamsMs: new Map(), isUnited, isAll: archive === undefined };
    // What the window has let go is of frames before its oldest one, and no cell is much later than its frame.
    const isAll = archive === undefined || (!isUnited && window.oldestTimeMs(directory) + CELL_FUTURE_MS_MAX <= fromMs);
    return { seamsMs: takeRecent(window, directory, names, fromMs, toMs, taker), isUnited, isAll };
  }

  /** Part of what the window holds came from the log, and the archive may have more of it. */
  #isUnited(cluster: string): boolean {
    const { window, archive, directory: directoryOf, lastReplayed } = this.#options;
    const directory = directoryOf(cluster);
    if (archive?.traits.exact !== true || directory === undefined) return false;
    return window.oldestFrame(directory) <= lastReplayed();
  }

  #olderQuery(
    names: ManyNames,
    { fromMs, toMs }: HistoryRange,
    signal: AbortSignal,
    endsMs: ReadonlyMap<string, number> | undefined,
  ): OlderQuery {
    return { names, fromMs, toMs, endsMs, signal, known: () => this.#knownNames(names) };
  }

  *#knownNames({ cluster, host }: ManyNames): Generator<string> {
    const directory = this.#options.directory(cluster);
    if (directory === undefined) return;
    if (host === undefined) {
      for (let row = 0; row < directory.rowCount; row++) {
        const facts = directory.host(row);
        if (facts !== undefined) yield facts.name;
      }
      return;
    }
    const metrics = new Set<string>();
    for (let column = 0; column < directory.columnCount; column++) metrics.add(directory.columnFacts(column).name);
    yield* metrics;
  }
}

interface Recent {
  readonly seamsMs: ReadonlyMap<string, number>;
  readonly isUnited: boolean;
  /** No archive needs to be asked. */
  readonly isAll: boolean;
}

function timesOf(counted: Map<string, Set<number>>, name: string): Set<number> {
  let times = counted.get(name);
  if (times === undefined) {
    times = new Set();
    counted.set(name, times);
  }
  return times;
}

class SampleCount {
  left: number;
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
    this.left = max;
  }

  add(samples: number): void {
    this.left -= samples;
    if (this.left >= 0) return;
    throw new HistoryError(
      `history of many series: more than ${this.#max} samples, ask for steps, a shorter range, or one host and metric`,
    );
  }
}

/** A grid whose rows have names. */
class GridRows {
  readonly #grid: BucketGrid;
  readonly #rows = new Map<string, number>();
  readonly #cellsMax: number;
  /** Samples of one series mostly come together. */
  #lastName: string | undefined;
  #lastRow = 0;

  constructor({ fromMs, toMs, stepMs }: HistoryRange & { readonly stepMs: number }, cellsMax: number) {
    this.#grid = new BucketGrid(fromMs, toMs, stepMs);
    this.#cellsMax = cellsMax;
  }

  add(name: string, timeMs: number, value: number): void {
    this.#grid.add(this.#row(name), timeMs, value);
  }

  addSeries(name: string, series: Series, isWanted: (timeMs: number) => boolean = () => true): void {
    if (series.kind !== "number") return;
    const { timesMs, values } = series;
    for (let i = 0; i < timesMs.length; i++) {
      const timeMs = timesMs[i] as number;
      if (isWanted(timeMs)) this.add(name, timeMs, values[i] as number);
    }
  }

  addTableRow(name: string, table: BucketTable, tableRow: number): void {
    this.#grid.addTableRow(this.#row(name), table, tableRow);
  }

  finish(): { names: string[]; table: BucketTable } {
    return { names: [...this.#rows.keys()], table: this.#grid.table() };
  }

  #row(name: string): number {
    if (name === this.#lastName) return this.#lastRow;
    let row = this.#rows.get(name);
    if (row === undefined) {
      if ((this.#grid.rows + 1) * this.#grid.steps > this.#cellsMax) throw this.#tooMany();
      row = this.#grid.addRow();
      this.#rows.set(name, row);
    }
    this.#lastName = name;
    this.#lastRow = row;
    return row;
  }

  #tooMany(): HistoryError {
    return new HistoryError(
      `history of more than ${this.#grid.rows} series in ${this.#grid.steps} steps: ` +
        `at most ${this.#cellsMax} buckets are read for one answer, ask for longer steps or a shorter range`,
    );
  }
}
