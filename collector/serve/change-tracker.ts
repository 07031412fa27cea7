/**
 * Remembers in which frame what was last new of each cluster besides its cells
 * (those know for themselves): hosts that came, changed, were heard or left, and
 * metadata. Found by looking at the rows after each frame, which costs a
 * comparison a host; so nobody has to tell us what they do.
 */
import type { ClusterView } from "../../core/model/columns.js";
import { NONE } from "../../core/model/directory.js";
import type { HostFacts } from "../../core/model/host.js";
import type { ReportedSums } from "../../core/model/summary.js";
import type { Changes, ClusterChanges } from "../../core/wire/extension/index.js";
import { SumsTracker } from "./extension/sums-tracker.js";
import type { Present } from "./ports.js";

/** A host that left keeps its row for a while, unheard. */
export function isServed(view: ClusterView, row: number): boolean {
  return (view.reportedMs[row] as number) > 0 && view.directory.host(row) !== undefined;
}

export class ChangeTracker {
  readonly #present: Present;
  readonly #clusters = new Map<string, ClusterTrack>();
  readonly #sums = new SumsTracker();

  constructor(present: Present) {
    this.#present = present;
    present.onFrame((view) => this.#track(view).look(view.frameNumber));
  }

  /**
   * @param sinceFrame what the reader has; undefined for a reader that has nothing
   * @param cluster only this one; undefined for all
   * @param firing alerts that fire, by cluster
   * @param sums all that are served; a reader of one cluster is told of none
   */
  changes(
    sinceFrame: number | undefined,
    cluster: string | undefined,
    firing: (clusterName: string) => number,
    sums: readonly ReportedSums[] = [],
  ): Changes {
    const all = this.#present.views();
    this.#forgetAbsent(all);
    const views = all.filter((view) => cluster === undefined || view.directory.name === cluster);
    const frame = this.#present.frameNumber;
    return {
      full: sinceFrame === undefined,
      frame,
      clusters: views.map((view) => {
        // Between two frames too something may have happened: hosts expire, sources learn names.
        // As the table does, we say that it belongs to the frame to come.
        const track = this.#track(view);
        track.look(frame + 1);
        return track.changes(sinceFrame, firing(view.directory.name));
      }),
      sums: cluster === undefined ? this.#sums.changes(sums, frame + 1, sinceFrame) : [],
    };
  }

  /** Who is told now that a cluster is not there must be told all of it when it comes back. */
  #forgetAbsent(views: readonly ClusterView[]): void {
    const present = new Set(views.map((view) => view.directory.name));
    for (const name of this.#clusters.keys()) if (!present.has(name)) this.#clusters.delete(name);
  }

  #track(view: ClusterView): ClusterTrack {
    const { name } = view.directory;
    const known = this.#clusters.get(name);
    if (known?.view === view) return known;
    // What was read back at the start belongs to its own last frame, a cluster without one to the frame to come.
    const firstFrame = view.frameNumber > 0 ? view.frameNumber : this.#present.frameNumber + 1;
    const track = new ClusterTrack(view, firstFrame);
    track.look(firstFrame);
    this.#clusters.set(name, track);
    return track;
  }
}

/** Of each row and column the number of the frame in which something was last new. */
class ClusterTrack {
  readonly view: ClusterView;
  readonly #firstFrame: number;
  /** Who was served when we looked last, by row. */
  readonly #hosts: (HostFacts | undefined)[] = [];
  readonly #hostFrames: number[] = [];
  readonly #goneFrames: number[] = [];
  readonly #reportedMs: number[] = [];
  readonly #heardFrames: number[] = [];
  readonly #columnVersions: number[] = [];
  readonly #columnFrames: number[] = [];

  constructor(view: ClusterView, firstFrame: number) {
    this.view = view;
    this.#firstFrame = firstFrame;
  }

  /** @param frame number that a reader does not have yet to whom what is new now is unknown */
  look(frame: number): void {
    const { view } = this;
    for (let column = 0; column < view.directory.columnCount; column++) {
      const version = view.directory.columnVersion(column);
      if (version === this.#columnVersions[column]) continue;
      this.#columnVersions[column] = version;
      this.#columnFrames[column] = frame;
    }
    for (let row = 0; row < view.rowCount; row++) this.#lookAtHost(row, frame);
  }

  #lookAtHost(row: number, frame: number): void {
    const { view } = this;
    const before = this.#hosts[row];
    const now = isServed(view, row) ? view.directory.host(row) : undefined;
    if (now !== before) {
      this.#hosts[row] = now;
      this.#hostFrames[row] = frame;
      const another = before?.name !== now?.name;
      if (before !== undefined && another) this.#goneFrames[row] = frame;
      if (now !== undefined && another) this.#tellOwnMetadata(row, frame);
    }
    const reportedMs = view.reportedMs[row] as number;
    if (reportedMs !== this.#reportedMs[row]) {
      this.#reportedMs[row] = reportedMs;
      this.#heardFrames[row] = frame;
    }
  }

  /** Readers forget what a host said of its metrics when it leaves, and were not told while it was away. */
  #tellOwnMetadata(row: number, frame: number): void {
    const { directory } = this.view;
    for (let column = 0; column < directory.columnCount; column++) {
      if (directory.meta(row, column) !== directory.meta(NONE, column)) this.#columnFrames[column] = frame;
    }
  }

  changes(sinceFrame: number | undefined, firing: number): ClusterChanges {
    const { view } = this;
    const full = sinceFrame === undefined || sinceFrame < this.#firstFrame;
    const since = full ? -1 : sinceFrame;
    const later = (frames: readonly number[], row: number) => (frames[row] ?? -1) > since;
    const rows = (wanted: (row: number) => boolean) => numbers(view.rowCount, wanted);
    return {
      view,
      full,
      sinceFrame: since,
      goneRows: full ? [] : rows((row) => later(this.#goneFrames, row)),
      hostRows: rows((row) => later(this.#hostFrames, row) && this.#hosts[row] !== undefined),
      heardRows: rows((row) => later(this.#heardFrames, row) && this.#hosts[row] !== undefined),
      metricColumns: numbers(view.directory.columnCount, (column) => later(this.#columnFrames, column)),
      isServed: (row) => this.#hosts[row] !== undefined,
      firing,
    };
  }
}

function numbers(end: number, wanted: (number: number) => boolean): number[] {
  const found: number[] = [];
  for (let number = 0; number < end; number++) if (wanted(number)) found.push(number);
  return found;
}
