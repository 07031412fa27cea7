/**
 * The frames of one cluster over some minutes, compressed as they come: tiles of
 * 96 rows (tile/TILE-FORMAT.md), each with a stream of its own, so that a part of
 * the hosts is read without the others.
 *
 *              frame 0      frame 1   frame 2 ...
 *   rows 0-95   |tile        |tile     |tile            bytes of tile 0
 *   rows 96-191 |tile        |         |tile            bytes of tile 1
 *
 * A tile says only what changed since the one before, from the block's first
 * frame on: what is read is read from there. Frames leave a block in name only;
 * its memory is free when the last one has left.
 */
import type { Frame } from "../../core/model/frame.js";
import type { FrameNews } from "../frame-news.js";
import { ByteWriter } from "./tile/byte-writer.js";
import type { FrameCells, TileContext } from "./tile/frame-cells.js";
import { CellState } from "./tile/tile-cells.js";

export interface FrameHead {
  readonly number: number;
  readonly timeMs: number;
  readonly count: number;
  /** Earliest and latest time of a cell; the frame's own where it has none. */
  readonly oldestMs: number;
  readonly newestMs: number;
}

const FIRST_BYTES = 256;

/** A head and its place in the list, by measurement. */
const HEAD_BYTES = 120;
/** Of a tile beside its arrays. */
const TILE_OVERHEAD_BYTES = 400;
/** Of a JS string beside its characters, with its place in list and map. */
const TEXT_OVERHEAD_BYTES = 60;

/** The rows of one tile, over all frames of the block. */
export class BlockTile {
  /** Ascending. */
  readonly columns: number[] = [];
  #starts = new Uint32Array(8);
  #startCount = 0;
  #out: ByteWriter | undefined;
  #bytes: Uint8Array<ArrayBuffer> | undefined;
  #sealedEnd = 0;
  #states: (CellState | undefined)[] = [];
  #stateBytes = 0;
  /** What the block before does not need any more. */
  readonly #spareStates: (CellState | undefined)[];

  /** @param before the same rows in the block before, which is full: as much will come again */
  constructor(before: BlockTile | undefined) {
    const expectedBytes = before === undefined ? 0 : before.#end * 1.1;
    this.#out = new ByteWriter(Math.max(FIRST_BYTES, expectedBytes));
    this.#spareStates = before === undefined ? [] : before.#states;
    if (before !== undefined) before.#states = [];
  }

  /** Of all frames; see start and end. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes ?? (this.#out as ByteWriter).bytes;
  }

  start(frame: number): number {
    return frame < this.#startCount ? (this.#starts[frame] as number) : this.#end;
  }

  end(frame: number): number {
    return this.start(frame + 1);
  }

  /** Makes ready to write of this frame; those since the last one have nothing here. */
  begin(frame: number): ByteWriter {
    const out = this.#out;
    if (out === undefined) throw new Error("BUG: a sealed block is written to");
    if (frame >= this.#starts.length) {
      const longer = new Uint32Array(Math.ceil((frame + 1) * 1.5));
      longer.set(this.#starts);
      this.#starts = longer;
    }
    this.#starts.fill(out.at, this.#startCount, frame + 1);
    this.#startCount = frame + 1;
    return out;
  }

  state(column: number): CellState {
    let state = this.#states[column];
    if (state === undefined) {
      state = this.#spareStates[column] ?? new CellState();
      state.forget();
      this.#states[column] = state;
      const at = this.columns.findLastIndex((known) => known < column);
      this.columns.splice(at + 1, 0, column);
      // About what it grows to, with its headers.
      this.#stateBytes += 1_000;
    }
    return state;
  }

  /** Nothing is written any more; gives back what was only needed for that. */
  seal(): void {
    const out = this.#out;
    if (out === undefined) return;
    this.#bytes = out.copy();
    this.#starts = this.#starts.slice(0, this.#startCount);
    this.#startCount = this.#starts.length;
    this.#sealedEnd = out.at;
    this.#out = undefined;
    this.#states = [];
    this.#stateBytes = 0;
  }

  /** What of a buffer was never written to costs nothing: the kernel gives pages when they are touched. */
  get memoryBytes(): number {
    return TILE_OVERHEAD_BYTES + this.#end + this.#starts.byteLength + this.#stateBytes + 8 * this.columns.length;
  }

  get #end(): number {
    return this.#out?.at ?? this.#sealedEnd;
  }
}

export class FrameBlock {
  /** All ever added, oldest first. */
  readonly heads: FrameHead[] = [];
  /** Index of the oldest that has not left. */
  first = 0;
  /** By number of the tile. */
  readonly tiles: (BlockTile | undefined)[] = [];
  readonly texts: string[] = [];
  #textNumbers = new Map<string, number>();
  #textBytes = 0;
  #sealedTiles = 0;
  #sealing = false;
  #before: FrameBlock | undefined;

  /** @param before the block before this one, if it is sealed */
  constructor(before?: FrameBlock) {
    this.#before = before;
  }

  /** Frames that have not left. */
  get frames(): number {
    return this.heads.length - this.first;
  }

  get isSealed(): boolean {
    return this.#sealing;
  }

  /** @param encoder anyone's; holds nothing from call to call */
  add(frame: Frame, news: FrameNews, number: number, encoder: FrameCells): FrameHead {
    const index = this.heads.length;
    encoder.sort(frame, news.newCells, news.newCount);
    for (let t = 0; t < encoder.tileCount; t++) {
      const range = encoder.tiles[t] as { tile: number; begin: number; end: number };
      const tile = this.#tile(range.tile);
      const out = tile.begin(index);
      encoder.begin(frame.timeMs);
      encoder.put(out, frame, range, this.#contextOf(tile), 0);
    }
    const { timeMs } = frame;
    const count = news.newCount;
    const [oldestMs, newestMs] = count > 0 ? [encoder.oldestMs, encoder.newestMs] : [timeMs, timeMs];
    const head = { number, timeMs, count, oldestMs, newestMs };
    this.heads.push(head);
    return head;
  }

  /** Nothing is added any more. The work is done by `shrink`. */
  seal(): void {
    this.#sealing = true;
    this.#before = undefined;
    this.#textNumbers = new Map();
  }

  /**
   * A part of the work after `seal`: a large block has megabytes to move.
   * @returns false when nothing is left to do
   */
  shrink(tilesMax: number): boolean {
    const end = Math.min(this.tiles.length, this.#sealedTiles + tilesMax);
    while (this.#sealedTiles < end) this.tiles[this.#sealedTiles++]?.seal();
    return this.#sealedTiles < this.tiles.length;
  }

  /** @returns how much of the block are frames after a number, 0 .. 1 */
  partAfter(number: number): number {
    let begin = this.heads.length;
    while (begin > this.first && (this.heads[begin - 1] as FrameHead).number > number) begin--;
    return (this.heads.length - begin) / Math.max(1, this.heads.length);
  }

  /** Memory in use, about. */
  get memoryBytes(): number {
    let bytes = this.heads.length * HEAD_BYTES + this.#textBytes;
    for (const tile of this.tiles) bytes += tile?.memoryBytes ?? 0;
    return bytes;
  }

  #tile(number: number): BlockTile {
    let tile = this.tiles[number];
    if (tile === undefined) {
      tile = new BlockTile(this.#before?.tiles[number]);
      while (this.tiles.length < number) this.tiles.push(undefined);
      this.tiles[number] = tile;
    }
    return tile;
  }

  #contextOf(tile: BlockTile): TileContext {
    return { state: (column) => tile.state(column), textNumber: (text) => this.#textNumber(text) };
  }

  #textNumber(text: string): number {
    const known = this.#textNumbers.get(text);
    if (known !== undefined) return known;
    const number = this.texts.push(text) - 1;
    this.#textNumbers.set(text, number);
    this.#textBytes += TEXT_OVERHEAD_BYTES + 2 * text.length;
    return number;
  }
}
