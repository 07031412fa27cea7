/** Tables for a terminal: columns as wide as they need to be, within 80 cells where that can be done. */
import { cut, printable, textWidth } from "./printable.js";
import { paint, type Tone } from "./style.js";

export interface TableColumn {
  readonly title: string;
  readonly align?: "left" | "right";
  /**
   * What becomes of a column when the table is too wide: "cut" ends it with an
   * ellipsis, "wrap" goes on below, after a comma or blank. Others stay as they are.
   */
  readonly fit?: "cut" | "wrap";
}

export interface Cell {
  readonly text: string;
  readonly tone?: Tone;
}

export interface TableOptions {
  readonly width: number;
  readonly header: boolean;
  readonly color: boolean;
}

const GAP = "  ";
/** Narrower than this a column tells nothing any more. */
const FIT_MIN = 12;

/** @returns lines without line ends; the texts of cells need not be printable */
export function formatTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly (string | Cell)[])[],
  options: TableOptions,
): string[] {
  const cells = rows.map((row) =>
    columns.map((_, i) => {
      const cell = row[i] ?? "";
      return typeof cell === "string" ? { text: printable(cell) } : { ...cell, text: printable(cell.text) };
    }),
  );
  const titles = options.header ? [columns.map((column): Cell => ({ text: column.title, tone: "quiet" }))] : [];
  const lines = [...titles, ...cells];
  const widths = fitWidths(columns, lines, options.width);
  return lines.flatMap((line) => formatLine(columns, line, widths, options.color));
}

function fitWidths(columns: readonly TableColumn[], lines: readonly (readonly Cell[])[], width: number): number[] {
  const widths = columns.map((_, i) => lines.reduce((most, line) => Math.max(most, textWidth(line[i]?.text ?? "")), 0));
  const gaps = GAP.length * (columns.length - 1);
  let excess = widths.reduce((sum, one) => sum + one, gaps) - width;
  // The widest of those that may shrink gives first.
  while (excess > 0) {
    const shrinkable = columns
      .map((_, i) => i)
      .filter((i) => columns[i]?.fit !== undefined && (widths[i] as number) > FIT_MIN)
      .sort((a, b) => (widths[b] as number) - (widths[a] as number));
    const [widest, second] = shrinkable;
    if (widest === undefined) break;
    const floor = Math.max(FIT_MIN, second === undefined ? 0 : (widths[second] as number) - 1);
    const step = Math.max(1, Math.min(excess, (widths[widest] as number) - floor));
    widths[widest] = (widths[widest] as number) - step;
    excess -= step;
  }
  return widths;
}

function formatLine(columns: readonly TableColumn[], line: readonly Cell[], widths: readonly number[], color: boolean) {
  const pieces = columns.map((column, i) => {
    const text = line[i]?.text ?? "";
    const width = widths[i] as number;
    if (column.fit === "wrap") return wrap(text, width);
    return [column.fit === "cut" ? cut(text, width) : text];
  });
  const height = Math.max(...pieces.map((piece) => piece.length));
  return Array.from({ length: height }, (_, n) =>
    columns
      .map((column, i) => {
        const text = pieces[i]?.[n] ?? "";
        const blank = " ".repeat(Math.max(0, (widths[i] as number) - textWidth(text)));
        const painted = paint(text, line[i]?.tone ?? "plain", color);
        return column.align === "right" ? blank + painted : painted + blank;
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** @returns at least one piece, none wider than the limit */
export function wrap(text: string, limit: number): string[] {
  const pieces: string[] = [];
  let line = "";
  const push = () => {
    if (line.trimEnd() !== "") pieces.push(line.trimEnd());
    line = "";
  };
  for (const word of text.split(/(?<=[ ,])/)) {
    if (textWidth((line + word).trimEnd()) > limit) push();
    line += word;
    // A word that is wider than the column is broken anywhere.
    while (textWidth(line.trimEnd()) > limit) {
      const head = cut(line, limit + 1).slice(0, -1);
      if (head === "") break;
      pieces.push(head);
      line = line.slice(head.length);
    }
  }
  push();
  return pieces.length > 0 ? pieces : [""];
}
