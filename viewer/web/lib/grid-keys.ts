/** Where the arrow keys lead in a grid of `count` cells, `columns` to a row. */

/** Rows of one Page Up or Page Down. */
const PAGE_ROWS = 5;

/** @returns the new position, or undefined where the key means nothing here */
export function moveInGrid(key: string, ctrl: boolean, at: number, count: number, columns: number): number | undefined {
  if (count === 0) return undefined;
  const rowStart = at - (at % columns);
  const clamp = (position: number) => Math.max(0, Math.min(count - 1, position));
  switch (key) {
    case "ArrowLeft":
      return clamp(at - 1);
    case "ArrowRight":
      return clamp(at + 1);
    case "ArrowUp":
      return at - columns < 0 ? at : at - columns;
    case "ArrowDown":
      // From the last full row into a shorter one: to its end, as in a text.
      return rowStart + columns >= count ? at : clamp(at + columns);
    case "Home":
      return ctrl ? 0 : rowStart;
    case "End":
      return ctrl ? count - 1 : clamp(rowStart + columns - 1);
    case "PageUp":
      return at - columns * PAGE_ROWS < 0 ? at % columns : at - columns * PAGE_ROWS;
    case "PageDown":
      return clamp(at + columns * PAGE_ROWS);
    default:
      return undefined;
  }
}
