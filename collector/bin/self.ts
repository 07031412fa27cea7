/** What the collector's process says of itself: one health from all its parts. */
import type { SourceHealth } from "../../core/model/source.js";
import type { StoreHealth } from "../../storage/health.js";
import type { TriggerHealth } from "../../triggers/engine.js";
import type { CollectorHealth } from "../health.js";
import type { SelfPort } from "../serve/ports.js";
import type { MetricFamily } from "../serve/prometheus.js";
import type { ReloadReport } from "./reload-report.js";
import { storageFamilies } from "./storage-families.js";

export interface SelfParts {
  readonly version: string;
  readonly sources: () => readonly SourceHealth[];
  readonly collector: () => CollectorHealth;
  readonly triggers: () => TriggerHealth;
  readonly storage: () => readonly StoreHealth[];
  /** Why no trigger is judged; "" while they are. */
  readonly triggersFault: () => string;
  readonly reload: Pick<ReloadReport, "messages" | "families">;
}

export function selfPort(parts: SelfParts): SelfPort {
  const { version, sources, collector, triggers, storage, triggersFault, reload } = parts;
  return {
    version,
    sources,
    health() {
      const frames = collector();
      const { journal, receivers } = triggers();
      const grave = [triggersFault(), journal.ok ? "" : `alerts: ${journal.message}; changes are only in memory`];
      // Mail that cannot be sent now is sent later: worth saying, no reason to be called not ready.
      const light = receivers
        .filter(({ message }) => message !== "")
        .map(({ receiver, queued, message }) => `receiver ${receiver}: ${message}; ${queued} notices wait`);
      // What a store cannot take now waits on the disk; that the disk cannot take it either, the spill says.
      const stores = storage().filter(({ message }) => message !== "");
      light.push(...stores.map(({ store, message }) => `storage ${store}: ${message}`));
      const faults = grave.filter((message) => message !== "");
      return {
        ready: frames.ready && faults.length === 0,
        messages: [...frames.messages, ...faults, ...light, ...reload.messages()],
        counters: frames.counters,
      };
    },
    families: () => [...triggerFamilies(triggers()), ...storageFamilies(storage()), ...reload.families()],
  };
}

function triggerFamilies(health: TriggerHealth): MetricFamily[] {
  const one = (name: string, type: MetricFamily["type"], help: string, value: number): MetricFamily => ({
    name,
    type,
    help,
    samples: [{ value }],
  });
  return [
    one("triggers", "gauge", "Triggers in force.", health.triggers),
    one("trigger_frames_total", "counter", "Frames judged.", health.frames),
    one("trigger_failures_total", "counter", "Triggers that could not be judged, with each frame.", health.failures),
    one("trigger_frame_seconds", "gauge", "What judging the newest frame took.", health.lastFrameMs / 1_000),
    one("commands_running", "gauge", "Commands of triggers that run.", health.commands.running),
    one("commands_waiting", "gauge", "Commands of triggers that wait to run.", health.commands.waiting),
    {
      name: "notices_queued",
      type: "gauge",
      help: "Notices not delivered yet, by receiver.",
      samples: health.receivers.map(({ receiver, queued }) => ({ labels: { receiver }, value: queued })),
    },
  ];
}
