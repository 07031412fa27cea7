/**
 * The hosts of one cluster as a grid of cells: colour is the value, shape is the
 * state. One stop for the tab key; arrows move within.
 */
import { Component, type RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { ALERT_LETTER, type ClusterColumns, STATE } from "../../api/answers.js";
import { moveInGrid } from "../lib/grid-keys.js";
import { hostPath } from "../lib/route.js";
import { levelOf, type Scale } from "../lib/scale.js";
import { go } from "../state/router.js";

/** How much of a host fits in its cell. */
export type Density = "card" | "tile" | "dot" | "speck";

const SIZES: Readonly<Record<Density, { readonly widthPx: number; readonly gapPx: number }>> = {
  card: { widthPx: 150, gapPx: 6 },
  tile: { widthPx: 74, gapPx: 4 },
  dot: { widthPx: 26, gapPx: 3 },
  speck: { widthPx: 18, gapPx: 2 },
};

/** @param count hosts on the page */
export function densityFor(count: number): Density {
  return count <= 48 ? "card" : count <= 320 ? "tile" : count <= 1_200 ? "dot" : "speck";
}

export const STATE_WORDS: Readonly<Record<string, string>> = {
  [STATE.up]: "up",
  [STATE.stale]: "stale",
  [STATE.none]: "up",
  [STATE.down]: "down",
};

export const ALERT_WORDS: Readonly<Record<string, string>> = {
  [ALERT_LETTER.no]: "",
  [ALERT_LETTER.info]: "info",
  [ALERT_LETTER.warning]: "warning",
  [ALERT_LETTER.critical]: "critical",
};

/** The host under the pointer or with the focus, and where its cell is. */
export interface Pointed {
  readonly cluster: string;
  readonly position: number;
  readonly rect: DOMRect;
}

interface Props {
  readonly cluster: ClusterColumns;
  /** Positions of the hosts to show, in order. */
  readonly order: readonly number[];
  readonly scale: Scale;
  /** How values are written in cells. */
  readonly format: (value: number | null) => string;
  readonly density: Density;
  readonly onPoint: (pointed: Pointed | undefined) => void;
}

export function HeatGrid({ cluster, order, scale, format, density, onPoint }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const columns = useColumns(box, density);
  const [active, setActive] = useState(0);
  const at = Math.min(active, Math.max(0, order.length - 1));

  const indexOf = (target: EventTarget | null): number => {
    const cell = target instanceof Element ? target.closest<HTMLElement>("a[data-index]") : null;
    return cell === null ? -1 : Number(cell.dataset["index"]);
  };
  const point = (event: Event) => {
    const index = indexOf(event.target);
    const cell = event.target instanceof Element ? event.target.closest("a[data-index]") : null;
    const position = order[index];
    if (cell === null || position === undefined) onPoint(undefined);
    else onPoint({ cluster: cluster.name, position, rect: cell.getBoundingClientRect() });
    return index;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const from = indexOf(event.target);
    const to = from < 0 ? undefined : moveInGrid(event.key, event.ctrlKey, from, order.length, columns);
    if (to === undefined || event.altKey || event.metaKey) return;
    event.preventDefault();
    // At once, not after the next drawing: the next key may come sooner. The focus makes the cell the active one.
    box.current?.querySelector<HTMLElement>(`a[data-index="${to}"]`)?.focus();
  };

  const rows = columns === 0 ? [] : chunks(order, columns);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table would give up its layout for the sake of its name
    <div
      class={`heat ${density}`}
      role="grid"
      tabIndex={-1}
      aria-label={`Hosts of ${cluster.name}`}
      aria-rowcount={rows.length}
      aria-colcount={columns}
      ref={box}
      onKeyDown={onKeyDown}
      onPointerOver={point}
      onPointerLeave={() => onPoint(undefined)}
      onFocusIn={(event: Event) => {
        const index = point(event);
        if (index >= 0) setActive(index);
      }}
      onFocusOut={() => onPoint(undefined)}
      onClick={(event: MouseEvent) => {
        // Enter on a link clicks it; a click elsewhere in a cell must not be lost.
        if (event.target instanceof Element && event.target.closest("a") !== null) return;
        const host = cluster.hosts[order[indexOf(event.target)] ?? -1];
        if (host !== undefined) go(hostPath(cluster.name, host));
      }}
    >
      {rows.map((row, r) => (
        // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above; cells take the focus
        <div class="heat-row" role="row" key={r} style={{ "--columns": columns }}>
          {row.map((position, c) => {
            const index = r * columns + c;
            const value = cluster.values[position] ?? null;
            return (
              <Cell
                key={cluster.hosts[position]}
                cluster={cluster.name}
                host={cluster.hosts[position] ?? ""}
                index={index}
                value={value}
                level={value === null ? -1 : levelOf(value, scale)}
                shown={format(value)}
                state={cluster.states[position] ?? STATE.none}
                alert={cluster.alerts[position] ?? ALERT_LETTER.no}
                full={density === "card" || density === "tile"}
                focusable={index === at}
              />
            );
          })}
        </div>
      ))}
    </div>
  );
}

function chunks(order: readonly number[], size: number): (readonly number[])[] {
  const rows: (readonly number[])[] = [];
  for (let start = 0; start < order.length; start += size) rows.push(order.slice(start, start + size));
  return rows;
}

interface CellProps {
  readonly cluster: string;
  readonly host: string;
  readonly index: number;
  readonly value: number | null;
  readonly level: number;
  readonly shown: string;
  readonly state: string;
  readonly alert: string;
  /** Name and value stand in the cell. */
  readonly full: boolean;
  readonly focusable: boolean;
}

const GLYPHS: Readonly<Record<string, string>> = { [STATE.down]: "✕", [STATE.stale]: "~", [STATE.none]: "·" };

/** A class only to be left alone: of 1,000 cells a tick changes a third. */
class Cell extends Component<CellProps> {
  override shouldComponentUpdate(next: CellProps): boolean {
    return (Object.keys(next) as (keyof CellProps)[]).some((key) => next[key] !== this.props[key]);
  }

  override render({ cluster, host, index, value, level, shown, state, alert, full, focusable }: CellProps) {
    const stateWord = STATE_WORDS[state] ?? "";
    const alertWord = ALERT_WORDS[alert] ?? "";
    const glyph = GLYPHS[state];
    const label = [host, state === STATE.none ? "no value" : shown, stateWord];
    if (alertWord !== "") label.push(`${alertWord} alert`);
    return (
      // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: the link inside takes the focus
      <div role="gridcell" class="heat-cell">
        <a
          href={hostPath(cluster, host)}
          class={level < 0 || state === STATE.down ? "host" : `host lv${level}`}
          tabIndex={focusable ? 0 : -1}
          aria-label={label.join(", ")}
          data-testid="host-cell"
          data-index={index}
          data-cluster={cluster}
          data-host={host}
          data-state={stateWord}
          data-value={value === null ? "" : String(value)}
          data-alert={alertWord}
          data-empty={state === STATE.none ? "" : undefined}
        >
          {full && <span class="host-name">{host}</span>}
          {full && <span class="host-value">{state === STATE.down ? "down" : shown}</span>}
          {glyph !== undefined && (!full || state !== STATE.none) && <span class="glyph">{glyph}</span>}
        </a>
      </div>
    );
  }
}

/** Columns that fit, kept up with the width of the window; 0 before the first look. */
function useColumns(box: RefObject<HTMLDivElement | null>, density: Density): number {
  const [columns, setColumns] = useState(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const { widthPx, gapPx } = SIZES[density];
    const measure = () => setColumns(Math.max(1, Math.floor((element.clientWidth + gapPx) / (widthPx + gapPx))));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [box, density]);
  return columns;
}
