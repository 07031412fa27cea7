/** Reads columns and frames back from blocks. Works through one tile at a time; keeps its arrays from call to call. */
import type { ClusterDirectory } from "../../core/model/directory.js";
import type { Frame } from "../../core/model/frame.js";
import type { BlockTile, FrameBlock, FrameHead } from "./frame-block.js";
import { CellState, TILE_ROWS } from "./tile/tile-cells.js";
import { TileReader } from "./tile/tile-reader.js";

export class BlockScan {
  /** At the entry while visit is called. */
  readonly reader = new TileReader();
  readonly #states: CellState[] = [];

  /**
   * Calls visit for each entry of the columns firstColumn .. lastColumn in the
   * frames begin .. end-1 of the block, frame by frame, in each by column. The
   * state has the values of the entry's rows.
   */
  columns(
    block: FrameBlock,
    tileNumber: number,
    firstColumn: number,
    lastColumn: number,
    begin: number,
    end: number,
    visit: (frame: number, state: CellState) => void,
  ): void {
    const tile = block.tiles[tileNumber];
    if (tile === undefined || !hasColumn(tile, firstColumn, lastColumn)) return;
    const { reader } = this;
    this.#forget(lastColumn - firstColumn + 1);
    reader.open(tile.bytes);
    for (let f = 0; f < end; f++) {
      const [from, to] = [tile.start(f), tile.end(f)];
      if (from === to) continue;
      reader.begin(from, to, (block.heads[f] as FrameHead).timeMs);
      while (reader.next() && reader.column <= lastColumn) {
        if (reader.column < firstColumn) continue;
        const state = this.#states[reader.column - firstColumn] as CellState;
        reader.readValues(state);
        if (f >= begin) visit(f, state);
      }
    }
  }

  /** Calls visit with the number of cells of each entry of these frames; reads no cells. */
  counts(
    block: FrameBlock,
    tileNumber: number,
    begin: number,
    end: number,
    visit: (column: number, count: number) => void,
  ): void {
    const tile = block.tiles[tileNumber];
    if (tile === undefined) return;
    const { reader } = this;
    reader.open(tile.bytes);
    for (let f = begin; f < end; f++) {
      reader.begin(tile.start(f), tile.end(f), 0);
      while (reader.next()) visit(reader.column, reader.count);
    }
  }

  #forget(count: number): void {
    for (let i = 0; i < count; i++) {
      const state = this.#states[i];
      if (state === undefined) this.#states.push(new CellState());
      else state.forget();
    }
  }
}

function hasColumn(tile: BlockTile, first: number, last: number): boolean {
  return tile.columns.some((column) => column >= first && column <= last);
}

/** Whole frames, one after the other. */
export class FrameCursor {
  readonly #block: FrameBlock;
  readonly #reader = new TileReader();
  readonly #states: CellState[][] = [];
  #index = 0;

  constructor(block: FrameBlock) {
    this.#block = block;
  }

  /**
   * Writes the next frame into one of the same cluster.
   * @returns its head; undefined behind the last one
   */
  next(directory: ClusterDirectory, into: Frame): FrameHead | undefined {
    const head = this.#block.heads[this.#index];
    if (head === undefined) return undefined;
    into.clear();
    into.timeMs = head.timeMs;
    this.#block.tiles.forEach((tile, number) => {
      if (tile !== undefined) this.#readTile(tile, number, head, directory, into);
    });
    this.#index++;
    return head;
  }

  #readTile(tile: BlockTile, number: number, head: FrameHead, directory: ClusterDirectory, into: Frame): void {
    const reader = this.#reader;
    reader.open(tile.bytes);
    reader.begin(tile.start(this.#index), tile.end(this.#index), head.timeMs);
    this.#states[number] ??= [];
    const states = this.#states[number] as CellState[];
    while (reader.next()) {
      states[reader.column] ??= new CellState();
      const state = states[reader.column] as CellState;
      reader.readValues(state);
      pushEntry(reader, state, number, directory, into, this.#block.texts);
    }
  }
}

/** Puts the entry that was read last into a frame. */
function pushEntry(
  reader: TileReader,
  { values, decimals }: CellState,
  tile: number,
  directory: ClusterDirectory,
  into: Frame,
  texts: readonly string[],
): void {
  const { column, count, rows } = reader;
  const timesMs = reader.times();
  const isText = directory.columnFacts(column).kind === "text";
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number;
    const timeMs = timesMs[i] as number;
    const value = values[row] as number;
    if (isText) into.pushText(tile * TILE_ROWS + row, column, texts[value] ?? "", timeMs);
    else into.pushNumber(tile * TILE_ROWS + row, column, value, timeMs, decimals[row] as number);
  }
}
