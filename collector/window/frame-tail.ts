/**
 * The frames of all clusters after a number, in the order in which they came, one
 * with each step. It may be left off and gone on with: frames that come meanwhile
 * come at its end, what has left meanwhile is passed over.
 */
import { Frame } from "../../core/model/frame.js";
import { FrameCursor } from "./block-scan.js";
import type { ClusterFrames } from "./cluster-frames.js";
import type { FrameBlock, FrameHead } from "./frame-block.js";

export interface TailFrame {
  readonly number: number;
  /** Valid until the next step. */
  readonly frame: Frame;
}

export class FrameTail {
  readonly #clusters: ReadonlyMap<string, ClusterFrames>;
  /** Frames up to this number are not wanted; grows while frames are archived. */
  readonly #after: () => number;
  #tails = new Map<ClusterFrames, ClusterTail>();

  constructor(clusters: ReadonlyMap<string, ClusterFrames>, after: () => number) {
    this.#clusters = clusters;
    this.#after = after;
  }

  /**
   * Decodes one frame: a block can only be read from its start.
   * @returns "passed" for a frame that is not wanted, undefined if there are no more for now
   */
  step(): TailFrame | "passed" | undefined {
    const after = this.#after();
    let first: ClusterTail | undefined;
    let number = Number.POSITIVE_INFINITY;
    for (const cluster of this.#clusters.values()) {
      const tail = this.#tailOf(cluster);
      const next = tail.peek(after)?.number ?? number;
      if (next >= number) continue;
      number = next;
      first = tail;
    }
    if (first === undefined) return undefined;
    const isWanted = first.take() && number > after;
    return isWanted ? { number, frame: first.frame } : "passed";
  }

  #tailOf(cluster: ClusterFrames): ClusterTail {
    let tail = this.#tails.get(cluster);
    if (tail === undefined) {
      // Clusters that have left are forgotten when another comes.
      this.#tails = new Map([...this.#tails].filter(([known]) => this.#clusters.get(known.directory.name) === known));
      tail = new ClusterTail(cluster);
      this.#tails.set(cluster, tail);
    }
    return tail;
  }
}

/** How far the reading of one cluster is. */
class ClusterTail {
  readonly frame: Frame;
  readonly #cluster: ClusterFrames;
  #block: FrameBlock | undefined;
  #cursor: FrameCursor | undefined;
  #index = 0;

  constructor(cluster: ClusterFrames) {
    this.#cluster = cluster;
    this.frame = new Frame(cluster.directory, "window");
  }

  /** @returns the head of the next frame, without reading it; blocks that end before the number are left out */
  peek(after: number): FrameHead | undefined {
    for (;;) {
      const head = this.#block?.heads[this.#index];
      if (head !== undefined) return head;
      const next = this.#nextBlock(after);
      if (next === undefined) return undefined;
      this.#block = next;
      this.#cursor = new FrameCursor(next);
      this.#index = 0;
    }
  }

  /** Reads it. @returns whether it has not left meanwhile */
  take(): boolean {
    this.#cursor?.next(this.#cluster.directory, this.frame);
    return this.#index++ >= (this.#block?.first ?? 0);
  }

  #nextBlock(after: number): FrameBlock | undefined {
    const { blocks } = this.#cluster;
    // One that has left is not among them, nor is any before it: the first is the next.
    let at = this.#block === undefined ? 0 : blocks.indexOf(this.#block) + 1;
    // The last one may still grow.
    while (at < blocks.length - 1 && (blocks[at]?.heads.at(-1)?.number ?? 0) <= after) at++;
    return blocks[at];
  }
}
