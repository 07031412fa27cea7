/** Puts back what the frame log says: tables, window. */
import type { Frame } from "../core/model/frame.js";
import type { Clusters } from "./clusters.js";
import type { FrameNews } from "./frame-news.js";
import type { ClusterTable } from "./table/cluster-table.js";
import type { ReplayTarget } from "./window/log-replay.js";
import type { RecentWindow } from "./window/recent-window.js";

export class Replay implements ReplayTarget {
  readonly #clusters: Clusters;
  readonly #window: RecentWindow;
  /** 0, 1, 2 ...: all that is in the log was news. */
  #indexes = new Uint32Array(0);

  constructor(clusters: Clusters, window: RecentWindow) {
    this.#clusters = clusters;
    this.#window = window;
  }

  directory(clusterName: string) {
    return this.#clusters.directory(clusterName);
  }

  present(frame: Frame, number: number): void {
    this.#table(frame)?.restore(frame, number);
  }

  taken(frame: Frame, number: number): void {
    this.#table(frame)?.replay(frame, number);
    this.#window.add(frame, this.#all(frame), number);
  }

  late(frame: Frame, number: number): void {
    this.#window.add(frame, this.#all(frame), number);
  }

  /** Call when all is read. */
  finish(): void {
    for (const table of this.#clusters.tables()) table.restoreGone();
  }

  #table(frame: Frame): ClusterTable | undefined {
    return this.#clusters.get(frame.directory.name);
  }

  #all(frame: Frame): FrameNews {
    if (this.#indexes.length < frame.count) this.#indexes = Uint32Array.from({ length: frame.count * 2 }, (_, i) => i);
    return { newCells: this.#indexes, newCount: frame.count, newHeard: this.#indexes, newHeardCount: 0 };
  }
}
