/** Puts back what the frame log says: tables, window. */
import type { Frame } from "../core/model/frame.js";
import type { Clusters } from "./clusters.js";
import { AllNews } from "./frame-news.js";
import type { ClusterTable } from "./table/cluster-table.js";
import type { ReplayTarget } from "./window/log-replay.js";
import type { RecentWindow } from "./window/recent-window.js";

export class Replay implements ReplayTarget {
  readonly #clusters: Clusters;
  readonly #window: RecentWindow;
  /** All that is in the log was news. */
  readonly #all = new AllNews();
  readonly #onTaken: (table: ClusterTable, frame: Frame) => void;

  /** @param onTaken told after each frame, while the table is as it was then */
  constructor(clusters: Clusters, window: RecentWindow, onTaken: (table: ClusterTable, frame: Frame) => void) {
    this.#clusters = clusters;
    this.#window = window;
    this.#onTaken = onTaken;
  }

  directory(clusterName: string) {
    return this.#clusters.directory(clusterName);
  }

  present(frame: Frame, number: number): void {
    this.#table(frame)?.restore(frame, number);
  }

  taken(frame: Frame, number: number): void {
    const table = this.#table(frame);
    table?.replay(frame, number);
    this.#window.add(frame, this.#all.of(frame), number);
    if (table !== undefined) this.#onTaken(table, frame);
  }

  late(frame: Frame, number: number): void {
    this.#window.add(frame, this.#all.of(frame), number);
  }

  /** Call when all is read. */
  finish(): void {
    for (const table of this.#clusters.tables()) table.restoreGone();
  }

  #table(frame: Frame): ClusterTable | undefined {
    return this.#clusters.get(frame.directory.name);
  }
}
