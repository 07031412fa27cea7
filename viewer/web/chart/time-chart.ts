/** One chart over time, drawn by uPlot. Loaded only when a chart comes into view. */
import "uplot/dist/uPlot.min.css";
import uPlot from "uplot";
import { formatNumber, scaleFor } from "../lib/format.js";
import { type ChartData, lonelyPoints } from "../lib/series.js";
import { timeTicks } from "../lib/time-ticks.js";

export interface ChartWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface TimeChartOptions {
  readonly element: HTMLElement;
  readonly units: string;
  readonly data: ChartData;
  readonly window: ChartWindow;
  /** Position in the data under the cursor of any chart of the page; undefined when it leaves. */
  readonly onCursor: (index: number | undefined) => void;
  readonly onZoom: (window: ChartWindow) => void;
  readonly onReset: () => void;
}

/** All charts of a page move one cursor. */
const SYNC_KEY = "grate";
const HEIGHT_PX = 140;
/** A shorter drag is a click with an unsteady hand. */
const DRAG_PX_MIN = 6;
const ZOOM_MS_MIN = 60_000;

export class TimeChart {
  readonly #options: TimeChartOptions;
  readonly #colours = matchMedia("(prefers-color-scheme: dark)");
  readonly #resize: ResizeObserver;
  #plot: uPlot;
  #data: ChartData;
  #window: ChartWindow;

  constructor(options: TimeChartOptions) {
    this.#options = options;
    this.#data = options.data;
    this.#window = options.window;
    this.#plot = this.#build();
    this.#resize = new ResizeObserver(() => {
      const width = options.element.clientWidth;
      if (width > 0 && width !== this.#plot.width) this.#plot.setSize({ width, height: HEIGHT_PX });
    });
    this.#resize.observe(options.element);
    this.#colours.addEventListener("change", this.#rebuild);
  }

  setData(data: ChartData, window: ChartWindow): void {
    const bandChanged = (data.min === undefined) !== (this.#data.min === undefined);
    this.#data = data;
    this.#window = window;
    if (bandChanged) this.#rebuild();
    else this.#plot.setData(columnsOf(data));
  }

  /** The keyboard's cursor: -1 and 1 to the neighbours, further to the ends. */
  moveCursor(by: number): void {
    const { timesS } = this.#data;
    if (timesS.length === 0) return;
    const from = this.#plot.cursor.idx ?? (by > 0 ? -1 : timesS.length);
    const to = Math.max(0, Math.min(timesS.length - 1, from + by));
    const left = this.#plot.valToPos(timesS[to] ?? 0, "x");
    this.#plot.setCursor({ left, top: 10 }, true);
  }

  hideCursor(): void {
    this.#plot.setCursor({ left: -10, top: -10 }, true);
  }

  destroy(): void {
    this.#resize.disconnect();
    this.#colours.removeEventListener("change", this.#rebuild);
    this.#plot.destroy();
  }

  readonly #rebuild = (): void => {
    this.#plot.destroy();
    this.#plot = this.#build();
  };

  #build(): uPlot {
    const { element, units, onCursor, onZoom, onReset } = this.#options;
    const colour = (name: string) => getComputedStyle(element).getPropertyValue(name).trim();
    const font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const axis = {
      stroke: colour("--text-quiet"),
      font,
      grid: { stroke: colour("--chart-grid"), width: 1 },
      ticks: { show: false },
    };
    const line = colour("--chart-line");
    const band = colour("--chart-band");
    const hasBand = this.#data.min !== undefined;
    const valueLine: uPlot.Series = {
      stroke: line,
      width: 1.5,
      points: { show: true, size: 4, fill: line, width: 0, filter: () => lonelyPoints(this.#data.values) },
    };
    const edge: uPlot.Series = { stroke: "transparent", width: 0, points: { show: false } };
    return new uPlot(
      {
        width: Math.max(1, element.clientWidth),
        height: HEIGHT_PX,
        // Right: half of the last time on the axis, "23:35", which would be cut.
        padding: [8, 18, 0, 0],
        legend: { show: false },
        cursor: {
          sync: { key: SYNC_KEY, setSeries: false },
          drag: { x: true, y: false, setScale: false },
          points: { size: 6 },
          bind: {
            dblclick: () => () => {
              onReset();
              return null;
            },
          },
        },
        scales: {
          x: { time: true, range: () => [this.#window.fromMs / 1_000, this.#window.toMs / 1_000] },
          y: { range: (_plot, min, max) => valueRange(min, max) },
        },
        axes: [
          {
            ...axis,
            space: 64,
            size: 24,
            values: (_plot, splits, _axis, _space, stepS) => timeTicks(splits, stepS),
          },
          {
            ...axis,
            size: 50,
            space: 30,
            values: (_plot, splits) => {
              const scale = scaleFor(Math.max(...splits.map(Math.abs)), units);
              return splits.map((split) => formatNumber(split * scale.factor));
            },
          },
        ],
        series: hasBand
          ? [{}, valueLine, edge, edge]
          : [{}, { ...valueLine, fill: (plot) => (plot.scales["y"]?.min === 0 ? band : "transparent") }],
        bands: hasBand ? [{ series: [3, 2], fill: band }] : [],
        hooks: {
          setCursor: [(plot) => onCursor((plot.cursor.left ?? -1) < 0 ? undefined : (plot.cursor.idx ?? undefined))],
          setSelect: [
            (plot) => {
              const { left, width } = plot.select;
              if (width < DRAG_PX_MIN) return;
              const fromMs = plot.posToVal(left, "x") * 1_000;
              const toMs = Math.max(plot.posToVal(left + width, "x") * 1_000, fromMs + ZOOM_MS_MIN);
              plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              onZoom({ fromMs, toMs });
            },
          ],
        },
      },
      columnsOf(this.#data),
      element,
    );
  }
}

function columnsOf({ timesS, values, min, max }: ChartData): uPlot.AlignedData {
  return min === undefined || max === undefined ? [timesS, values] : [timesS, values, min, max];
}

/** From zero where zero is near, else around the values with some air. */
function valueRange(min: number | null, max: number | null): [number, number] {
  if (min === null || max === null || !Number.isFinite(min) || !Number.isFinite(max)) return [0, 1];
  if (min === max) return min === 0 ? [0, 1] : min > 0 ? [0, min * 1.25] : [min * 1.25, 0];
  const air = (max - min) * 0.08;
  return [min >= 0 && min <= max * 0.6 ? 0 : min - air, max <= 0 && max >= min * 0.6 ? 0 : max + air];
}
