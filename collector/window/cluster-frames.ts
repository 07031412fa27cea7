/** The recent frames of one cluster: blocks of some minutes, oldest first. */
import type { ClusterDirectory } from "../../core/model/directory.js";
import type { Frame } from "../../core/model/frame.js";
import type { FrameNews } from "../frame-news.js";
import { FrameBlock, type FrameHead } from "./frame-block.js";
import type { FrameCells } from "./tile/frame-cells.js";

/** A frame a second fills 600 in ten minutes; more would make a block slow to read from its start. */
const BLOCK_FRAMES_MAX = 1_000;

/** Tiles of a sealed block that are moved to memory of their size with each frame: less than a millisecond. */
const SHRINK_TILES = 8;

export interface BlockLimits {
  /** From the first frame of a block to the last. */
  readonly spanMs: number;
  readonly bytesMax: number;
}

export class ClusterFrames {
  readonly directory: ClusterDirectory;
  /** The last one is open unless it is sealed. */
  readonly blocks: FrameBlock[] = [];
  readonly #limits: BlockLimits;
  #shrinking: FrameBlock | undefined;

  constructor(directory: ClusterDirectory, limits: BlockLimits) {
    this.directory = directory;
    this.#limits = limits;
  }

  /** @returns how much more memory is in use than before, and what was added */
  add(frame: Frame, news: FrameNews, number: number, encoder: FrameCells): { grownBytes: number; head: FrameHead } {
    const shrunkBytes = this.#shrink();
    const block = this.#openBlock(frame.timeMs);
    const before = block.heads.length === 0 ? 0 : block.memoryBytes;
    const head = block.add(frame, news, number, encoder);
    return { grownBytes: block.memoryBytes - before - shrunkBytes, head };
  }

  get oldest(): FrameHead | undefined {
    const block = this.blocks[0];
    return block?.heads[block.first];
  }

  get newest(): FrameHead | undefined {
    return this.blocks.at(-1)?.heads.at(-1);
  }

  /**
   * The oldest frame leaves.
   * @returns memory that is free now
   */
  dropOldest(): number {
    const block = this.blocks[0];
    if (block === undefined) return 0;
    block.first++;
    if (block.frames > 0) return 0;
    this.blocks.shift();
    if (this.#shrinking === block) this.#shrinking = undefined;
    return block.memoryBytes;
  }

  /** Frames that have not left, newest first. */
  *newestFirst(): Generator<FrameHead> {
    for (let b = this.blocks.length - 1; b >= 0; b--) {
      const { heads, first } = this.blocks[b] as FrameBlock;
      for (let f = heads.length - 1; f >= first; f--) yield heads[f] as FrameHead;
    }
  }

  #openBlock(timeMs: number): FrameBlock {
    const newest = this.blocks.at(-1);
    if (newest !== undefined && !newest.isSealed && !this.#isFull(newest, timeMs)) return newest;
    if (newest !== undefined && !newest.isSealed) {
      newest.seal();
      this.#shrinking = newest;
    }
    const block = new FrameBlock(newest);
    this.blocks.push(block);
    return block;
  }

  #isFull(block: FrameBlock, timeMs: number): boolean {
    const { spanMs, bytesMax } = this.#limits;
    const firstMs = (block.heads[0] as FrameHead).timeMs;
    return (
      Math.abs(timeMs - firstMs) >= spanMs || block.heads.length >= BLOCK_FRAMES_MAX || block.memoryBytes >= bytesMax
    );
  }

  #shrink(): number {
    const block = this.#shrinking;
    if (block === undefined) return 0;
    const before = block.memoryBytes;
    if (!block.shrink(SHRINK_TILES)) this.#shrinking = undefined;
    return before - block.memoryBytes;
  }
}
