/** The bar on top of every page: where to go, and whether what is shown is fresh. */

import { formatAge, formatDateTime } from "../lib/format.js";
import { newestMs } from "../lib/newest.js";
import type { Route } from "../lib/route.js";
import { now } from "../state/clock.js";
import { link, liveness, overview } from "../state/live.js";

export function Header({ at }: { at: Route }) {
  const counts = overview.value?.counts;
  return (
    <header class="top">
      <a class="brand" href="/">
        <svg viewBox="0 0 16 16" width="20" height="20" aria-hidden="true">
          <rect class="brand-tile" width="16" height="16" rx="3.5" />
          <rect x="3" y="3" width="2.6" height="10" rx=".8" opacity=".55" />
          <rect x="6.7" y="3" width="2.6" height="10" rx=".8" />
          <rect x="10.4" y="3" width="2.6" height="10" rx=".8" opacity=".75" />
        </svg>
        Grate
      </a>
      <nav aria-label="Pages">
        <a href="/" aria-current={at.page === "overview" ? "page" : undefined}>
          Hosts
        </a>
        <a href="/alerts" aria-current={at.page === "alerts" ? "page" : undefined}>
          Alerts
          {counts !== undefined && counts.firing > 0 && (
            <span class="badge" data-severity={gravest(counts)} data-testid="firing-count">
              {counts.firing}
              <span class="hidden"> firing</span>
            </span>
          )}
        </a>
      </nav>
      <Freshness />
    </header>
  );
}

function gravest(counts: { critical: number; warning: number }): string {
  return counts.critical > 0 ? "critical" : counts.warning > 0 ? "warning" : "info";
}

const LIVENESS_WORDS = {
  starting: "connecting",
  live: "live",
  polling: "polling",
  offline: "offline",
} as const;

function Freshness() {
  const connected = link.value?.connected ?? true;
  const state = liveness.value === "live" && !connected ? "stalled" : liveness.value;
  const takenMs = newestMs(overview.value);
  return (
    <p class="freshness" data-testid="freshness" data-live={state}>
      <span class="live-dot" aria-hidden="true" />
      <span class="word">{state === "stalled" ? "no collector" : LIVENESS_WORDS[state]}</span>
      {takenMs > 0 && (
        <span class="age" title={`newest data ${formatDateTime(takenMs)}`}>
          data {formatAge(now.value - takenMs)} old
        </span>
      )}
    </p>
  );
}
