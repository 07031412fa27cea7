/** Reads columns, or one row of a column, over the blocks of a cluster. */
import { BlockScan } from "./block-scan.js";
import type { ClusterFrames } from "./cluster-frames.js";
import type { FrameBlock, FrameHead } from "./frame-block.js";
import { TILE_ROWS } from "./tile/tile-cells.js";

/** The text is "" in a column of numbers. */
export type ColumnVisitor = (row: number, timeMs: number, value: number, text: string) => void;

/** Keeps its arrays from call to call. */
export class ColumnReads {
  readonly #scan = new BlockScan();

  /** @param only these rows; all where it is undefined */
  column(
    cluster: ClusterFrames,
    column: number,
    fromMs: number,
    toMs: number,
    visit: ColumnVisitor,
    only: ReadonlySet<number> | undefined,
  ): void {
    const tiles = Math.ceil(cluster.directory.rowCount / TILE_ROWS);
    const wanted = only === undefined ? undefined : new Set([...only].map((row) => Math.floor(row / TILE_ROWS)));
    for (let tile = 0; tile < tiles; tile++) {
      if (wanted?.has(tile) !== false) this.#tile(cluster, tile, column, fromMs, toMs, visit, only);
    }
  }

  /** One row of a column: of its tile only what leads to its values is read. */
  row(
    { directory, blocks }: ClusterFrames,
    row: number,
    column: number,
    fromMs: number,
    toMs: number,
    visit: ColumnVisitor,
  ): void {
    const isText = directory.columnFacts(column).kind === "text";
    const [tile, rowOfTile] = [Math.floor(row / TILE_ROWS), row % TILE_ROWS];
    const { reader } = this.#scan;
    for (const block of blocks) {
      const { begin, end } = framesWithin(block, fromMs, toMs);
      this.#scan.columns(block, tile, column, column, begin, end, (_frame, state) => {
        const cell = reader.find(rowOfTile);
        if (cell < 0) return;
        const timeMs = reader.timeAt(cell);
        if (timeMs < fromMs || timeMs >= toMs) return;
        const value = state.values[rowOfTile] as number;
        if (isText) visit(row, timeMs, Number.NaN, block.texts[value] ?? "");
        else visit(row, timeMs, value, "");
      });
    }
  }

  #tile(
    { directory, blocks }: ClusterFrames,
    tile: number,
    column: number,
    fromMs: number,
    toMs: number,
    visit: ColumnVisitor,
    only: ReadonlySet<number> | undefined,
  ): void {
    const { reader } = this.#scan;
    const { rows } = reader;
    const isText = directory.columnFacts(column).kind === "text";
    for (const block of blocks) {
      const { begin, end } = framesWithin(block, fromMs, toMs);
      this.#scan.columns(block, tile, column, column, begin, end, (_frame, { values }) => {
        const timesMs = reader.times();
        for (let i = 0; i < reader.count; i++) {
          const timeMs = timesMs[i] as number;
          if (timeMs < fromMs || timeMs >= toMs) continue;
          const row = tile * TILE_ROWS + (rows[i] as number);
          if (only !== undefined && !only.has(row)) continue;
          const value = values[rows[i] as number] as number;
          if (isText) visit(row, timeMs, Number.NaN, block.texts[value] ?? "");
          else visit(row, timeMs, value, "");
        }
      });
    }
  }

  firstTime(cluster: ClusterFrames, row: number, column: number, afterFrame: number): number {
    const { reader } = this.#scan;
    let firstMs = Number.POSITIVE_INFINITY;
    for (const block of cluster.blocks) {
      // Cells come in order of time but for a clock that was set back; what is older than all seen may still come.
      const isWanted = (head: FrameHead) => head.number > afterFrame && head.oldestMs < firstMs;
      const begin = block.heads.findIndex((head, f) => f >= block.first && isWanted(head));
      if (begin < 0) continue;
      // Frame by frame: mostly the first one has it.
      let end = begin;
      while (end < block.heads.length) {
        const next = block.heads.findIndex((head, f) => f >= end && isWanted(head));
        if (next < 0) break;
        end = Math.min(block.heads.length, Math.max(next + 1, end * 2 - begin));
        this.#scan.columns(block, Math.floor(row / TILE_ROWS), column, column, next, end, () => {
          const cell = reader.find(row % TILE_ROWS);
          if (cell >= 0) firstMs = Math.min(firstMs, reader.timeAt(cell));
        });
      }
    }
    return firstMs;
  }
}

/** From the first frame that may have a cell of the range to behind the last one. */
function framesWithin({ heads, first }: FrameBlock, fromMs: number, toMs: number): { begin: number; end: number } {
  let begin = heads.length;
  let end = 0;
  for (let f = first; f < heads.length; f++) {
    const { oldestMs, newestMs } = heads[f] as FrameHead;
    if (newestMs < fromMs || oldestMs >= toMs) continue;
    if (f < begin) begin = f;
    end = f + 1;
  }
  return { begin, end };
}
