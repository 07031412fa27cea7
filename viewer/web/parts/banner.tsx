/** What is wrong with the data itself, above everything that is shown of it. */
import { formatAge } from "../lib/format.js";
import { newestMs } from "../lib/newest.js";
import { now } from "../state/clock.js";
import { link, liveness, overview } from "../state/live.js";

export function Banner() {
  if (liveness.value === "offline") {
    return (
      <p class="banner" role="alert" data-testid="banner">
        <b>The viewer does not answer.</b> What is shown is what was known before; it is tried again by itself.
      </p>
    );
  }
  const collector = link.value;
  if (collector !== undefined && !collector.connected) {
    const takenMs = newestMs(overview.value);
    return (
      <p class="banner" role="alert" data-testid="banner">
        <b>No answer from the collector at {collector.address}.</b>{" "}
        {takenMs > 0
          ? `What is shown is ${formatAge(now.value - takenMs)} old and says nothing of now. `
          : "There is nothing to show yet. "}
        <span class="quiet">{collector.error}</span>
      </p>
    );
  }
  const faults = overview.value?.faults ?? [];
  if (faults.length === 0) return null;
  return (
    <div class="banner mild" role="status" data-testid="banner">
      <b>{faults.length === 1 ? "A source fails:" : `${faults.length} sources fail:`}</b>
      <ul>
        {faults.map((fault) => (
          <li key={fault}>{fault}</li>
        ))}
      </ul>
    </div>
  );
}
