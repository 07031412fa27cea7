/** Chooses what the colours show: metrics by group, as the senders named them. */
import type { MetricChoice } from "../../api/answers.js";
import { choose } from "../state/router.js";

interface Props {
  readonly metrics: readonly MetricChoice[];
  readonly metric: string | null;
}

export function MetricPicker({ metrics, metric }: Props) {
  const groups = new Map<string, MetricChoice[]>();
  for (const choice of metrics) {
    const group = choice.groups[0] ?? "other";
    const known = groups.get(group);
    if (known === undefined) groups.set(group, [choice]);
    else known.push(choice);
  }
  const known = metrics.some((choice) => choice.name === metric);
  return (
    <label class="field">
      <span>Metric</span>
      <select
        data-testid="metric-picker"
        value={metric ?? ""}
        onChange={(event) => choose({ metric: event.currentTarget.value })}
      >
        {!known && metric !== null && <option value={metric}>{metric} (nobody has it)</option>}
        {[...groups].map(([group, choices]) => (
          <optgroup key={group} label={group}>
            {choices.map((choice) => (
              <option key={choice.name} value={choice.name}>
                {choice.name}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </label>
  );
}
