/** What of a frame is news: the table finds it, the log and the window keep it. */
export interface FrameNews {
  /** Indexes of cells in the frame, ascending; the array is longer than the count. */
  readonly newCells: Uint32Array;
  readonly newCount: number;
  /** Indexes of hearings in the frame, ascending; the array is longer than the count. */
  readonly newHeard: Uint32Array;
  readonly newHeardCount: number;
}
