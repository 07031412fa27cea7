/** What a cell says, beside it: for the pointer and for the focus alike. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ClusterColumns } from "../../api/answers.js";
import { formatAge, formatValue } from "../lib/format.js";
import { now } from "../state/clock.js";
import { ALERT_WORDS, type Pointed, STATE_WORDS } from "./heat-grid.jsx";

interface Props {
  readonly pointed: Pointed;
  readonly cluster: ClusterColumns;
  readonly metric: string;
  readonly units: string;
}

/** Distance to the cell and to the edge of the window. */
const GAP_PX = 8;

export function Tip({ pointed, cluster, metric, units }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ left: 0, top: 0 });
  const { rect, position } = pointed;
  useLayoutEffect(() => {
    const size = box.current?.getBoundingClientRect();
    if (size === undefined) return;
    const middle = rect.left + rect.width / 2 - size.width / 2;
    const left = Math.max(GAP_PX, Math.min(middle, document.documentElement.clientWidth - size.width - GAP_PX));
    const above = rect.top - size.height - GAP_PX;
    setPlace({ left, top: above < GAP_PX ? rect.bottom + GAP_PX : above });
  }, [rect]);

  const state = STATE_WORDS[cluster.states[position] ?? ""] ?? "";
  const alert = ALERT_WORDS[cluster.alerts[position] ?? ""] ?? "";
  const timeS = cluster.timesS[position] ?? 0;
  const value = cluster.values[position] ?? null;
  return (
    <div class="tip" role="tooltip" ref={box} style={{ left: `${place.left}px`, top: `${place.top}px` }}>
      <b>{cluster.hosts[position]}</b>
      <span>
        {metric} <strong>{formatValue(value, units)}</strong>
        {timeS > 0 && <span class="quiet"> {formatAge(now.value - timeS * 1_000)} ago</span>}
      </span>
      {state !== "up" && <span data-tone={state}>{state === "stale" ? "value is overdue" : state}</span>}
      {alert !== "" && <span data-tone={alert}>{alert} alert fires</span>}
    </div>
  );
}
