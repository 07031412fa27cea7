/** The HTTP side over an emulated collector, with a clock that the test turns. */
import type { FastifyInstance } from "fastify";
import { silentLogger } from "../../../core/base/log.js";
import { buildApp } from "../../../viewer/http/app.js";
import { Hub } from "../../../viewer/http/hub.js";
import type { CollectorClient } from "../../../viewer/pull/client.js";
import { Present } from "../../../viewer/pull/present.js";
import { EmulatedCollector, hostNames } from "../../support/emulated-collector.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { makeFakePublic } from "./fake-public.js";

export interface ViewerApp {
  readonly app: FastifyInstance;
  readonly clock: VirtualClock;
  readonly collector: EmulatedCollector;
  readonly present: Present;
  readonly hub: Hub;
  /** What the puller does: changes and alerts into the present. */
  pull(): Promise<void>;
  close(): Promise<void>;
}

export async function makeViewerApp(
  clusters = [{ name: "khab", hosts: hostNames(3) }],
  override: Partial<CollectorClient> = {},
): Promise<ViewerApp> {
  const clock = new VirtualClock();
  const collector = new EmulatedCollector(clock, clusters);
  const present = new Present(clock, "127.0.0.1:8662");
  const hub = new Hub(present, clock);
  await hub.start();
  const pages = makeFakePublic();
  const stopping = new AbortController();
  const client: CollectorClient = {
    changes: (...args) => collector.changes(...args),
    history: (query) => collector.history(query),
    alerts: (events, before) => collector.alerts(events, before),
    status: () => collector.status(),
    ...override,
  };
  const app = await buildApp({
    context: { present, client, hub, clock, logger: silentLogger, startedAtMs: 0, stopping: stopping.signal },
    publicDir: pages.dir,
    names: new Set(["monitor.example.org"]),
  });
  return {
    app,
    clock,
    collector,
    present,
    hub,
    async pull() {
      present.apply(await collector.changes(present.store.since, 0, stopping.signal));
      present.setAlerts(await collector.alerts(200, undefined));
      present.status = await collector.status();
    },
    async close() {
      stopping.abort();
      await hub.stop();
      await app.close();
      pages.remove();
    },
  };
}
