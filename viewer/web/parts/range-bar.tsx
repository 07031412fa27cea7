/** The time that all charts of the page show. */
import { useState } from "preact/hooks";
import type { ChartWindow } from "../chart/time-chart.js";
import { formatTime, fromLocalInput, toLocalInput } from "../lib/format.js";
import { RANGES, type Range } from "../lib/route.js";

interface Props {
  readonly range: Range;
  readonly window: ChartWindow;
  readonly onChange: (range: Range) => void;
}

export function RangeBar({ range, window, onChange }: Props) {
  const [open, setOpen] = useState(false);
  const fixed = "fromMs" in range;
  return (
    <div class="range-bar" data-testid="range-bar">
      <fieldset class="chips">
        <legend class="hidden">Time</legend>
        {RANGES.map(({ label, lastMs }) => (
          <button
            key={label}
            type="button"
            class="chip"
            data-testid={`range-${label}`}
            aria-pressed={!fixed && range.lastMs === lastMs}
            onClick={() => onChange({ lastMs })}
          >
            {label}
          </button>
        ))}
        <button
          type="button"
          class="chip"
          data-testid="range-custom"
          aria-pressed={fixed}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          Custom
        </button>
      </fieldset>
      <span class="quiet range-text">
        {window.toMs > 0 && `${formatTime(window.fromMs, window.toMs)} to ${formatTime(window.toMs, window.toMs)}`}
      </span>
      {open && (
        <CustomRange
          window={window}
          onApply={(chosen) => {
            setOpen(false);
            onChange(chosen);
          }}
        />
      )}
    </div>
  );
}

function CustomRange({ window, onApply }: { window: ChartWindow; onApply: (window: ChartWindow) => void }) {
  const [from, setFrom] = useState(toLocalInput(window.fromMs));
  const [to, setTo] = useState(toLocalInput(window.toMs));
  const fromMs = fromLocalInput(from);
  const toMs = fromLocalInput(to);
  const good = fromMs < toMs;
  return (
    <form
      class="custom-range"
      onSubmit={(event) => {
        event.preventDefault();
        if (good) onApply({ fromMs, toMs });
      }}
    >
      <label class="field">
        <span>From</span>
        <input
          type="datetime-local"
          step="1"
          data-testid="range-from"
          value={from}
          onInput={(event) => setFrom(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>To</span>
        <input
          type="datetime-local"
          step="1"
          data-testid="range-to"
          value={to}
          onInput={(event) => setTo(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button" disabled={!good} data-testid="range-apply">
        Show
      </button>
      {!good && <span data-tone="warning">The beginning must be before the end.</span>}
    </form>
  );
}
