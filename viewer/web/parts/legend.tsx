/** What the colours and shapes of the heat-map mean. */
import { formatNumber, scaleFor } from "../lib/format.js";
import { legendTicks, type Scale } from "../lib/scale.js";

interface Props {
  readonly scale: Scale;
  readonly units: string;
}

export function Legend({ scale, units }: Props) {
  const shown = scaleFor(Math.max(Math.abs(scale.min), Math.abs(scale.max)), units);
  const ticks = legendTicks(scale).map((tick) => formatNumber(tick * shown.factor));
  return (
    <div class="legend" data-testid="legend">
      <div class="ramp" aria-hidden="true" />
      <div class="ramp-ticks">
        {ticks.map((tick, i) => (
          <span key={tick}>
            {i === ticks.length - 1 && scale.clipped ? `≥ ${tick}` : tick}
            {i === ticks.length - 1 && shown.units !== "" ? `\u202f${shown.units}` : ""}
          </span>
        ))}
      </div>
      <ul class="marks">
        <li>
          <span class="host sample" data-state="down">
            <span class="glyph">✕</span>
          </span>
          down
        </li>
        <li>
          <span class="host sample lv8" data-state="stale">
            <span class="glyph">~</span>
          </span>
          value overdue
        </li>
        <li>
          <span class="host sample" data-empty="">
            <span class="glyph">·</span>
          </span>
          no value
        </li>
        <li>
          <span class="host sample lv8" data-alert="warning" />
          warning
        </li>
        <li>
          <span class="host sample lv8" data-alert="critical" />
          critical
        </li>
      </ul>
    </div>
  );
}
