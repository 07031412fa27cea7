/** `grate collector`: all tiers but the viewer, joined. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../core/base/clock.js";
import { type Component, startAll, stopAll } from "../../core/base/component.js";
import { createLogger, type Logger, type LogLevel } from "../../core/base/log.js";
import { nodeLogFiles } from "../../core/base/record-log-files.js";
import { lockStateDir, makeStateDir, stateDirPath } from "../../core/base/state-dir.js";
import { createSource } from "../../sensors/list.js";
import { storesBehind } from "../../storage/health.js";
import { openStorage, type Storage } from "../../storage/open.js";
import { recordLogJournal } from "../../triggers/engine/journal-log.js";
import { TriggerEngine } from "../../triggers/engine.js";
import { Collector } from "../pipeline.js";
import { CollectorServers } from "../serve/servers.js";
import { type Configuration, loadCollectorConfiguration } from "./configuration.js";
import { eventHistory, eventKeeper } from "./event-history.js";
import { ReloadReport } from "./reload-report.js";
import { changedKeys, rereadConfiguration } from "./reread.js";
import { selfPort } from "./self.js";
import { SelfWatch, withSelfTriggers } from "./self-watch.js";
import { runService, type Service } from "./service.js";
import { claimFile, claimsOf } from "./source-claims.js";
import { SourceSet } from "./source-set.js";
import { TriggerHost } from "./trigger-host.js";
import { readVersion } from "./version.js";

export interface CollectorOptions {
  readonly config: string;
  readonly state?: string;
  readonly logLevel: LogLevel;
}

const clock = systemClock;

/** @returns the exit code, once it was told to stop */
export async function collector(options: CollectorOptions): Promise<number> {
  const { config } = loadCollectorConfiguration(options.config);
  const logger = createLogger("collector", options.logLevel);
  const stateDir = stateDirPath(options.state, process.env);
  makeStateDir(stateDir);
  const command = `grate collector -c ${options.config}`;
  const lock = lockStateDir(stateDir, { command, nowMs: clock.nowMs() });
  try {
    // Refuses a network file system, before anything is written there.
    const storage = await openStorage({ stateDir, config: config.storage, logger, clock });
    const service = await startCollector(config, options.config, stateDir, storage, logger);
    return await runService(service, { clock, logger, process });
  } finally {
    lock.release();
  }
}

async function startCollector(
  config: Configuration,
  file: string,
  stateDir: string,
  storage: Storage,
  logger: Logger,
): Promise<Service> {
  const present = new Collector({
    config,
    instance: randomBytes(8).toString("hex"),
    clock,
    logger,
    files: nodeLogFiles(join(stateDir, "frames")),
    archive: storage.archive,
    claims: claimFile(stateDir),
    // A gmetad that takes the files over goes on from the newest value.
    spillAtStop: config.storage.rrd?.mode === "write",
  });
  const journalFiles = nodeLogFiles(join(stateDir, "triggers"));
  const triggers: TriggerHost = new TriggerHost({
    config,
    create: (wanted) =>
      new TriggerEngine({
        config: withSelfTriggers(wanted),
        clock,
        logger,
        openJournal: recordLogJournal(journalFiles),
        eventSink: eventKeeper(storage.events),
      }),
    views: () => [...present.views(), watch.view],
    logger,
  });
  const watch: SelfWatch = new SelfWatch({
    host: hostname(),
    troubles: () => {
      const { logFailing, archiveFailing, framesLost } = present.troubles;
      const stores = storage.health();
      return {
        frame_log_failing: logFailing ? 1 : 0,
        archive_failing: (archiveFailing ? 1 : 0) + storesBehind(stores),
        frames_lost: framesLost,
        alert_journal_failing: triggers.journalOk ? 0 : 1,
        history_damaged: stores.reduce((sum, { counters }) => sum + (counters["damagedFiles"] ?? 0), 0),
      };
    },
    evaluate: (view, frameTimeMs) => triggers.evaluate(view, frameTimeMs),
    clock,
  });
  present.onFrame((view, frame) => triggers.evaluate(view, frame.timeMs));
  present.onFrame(() => watch.lookByTheWay());
  present.onGone((cluster, host) => triggers.hostGone(cluster, host));

  const sources = new SourceSet({
    configs: config.sources,
    create: (wanted) => createSource(wanted, { sink: present, clock, logger }),
    clock,
    logger,
  });
  storage.describeBy(() => present.directories());
  const report = new ReloadReport();
  const servers = new CollectorServers({
    config: config.serve,
    stateDir,
    present,
    alerts: {
      alerts: () => triggers.alerts(),
      events: eventHistory((limit, before) => triggers.events(limit, before), storage.events),
    },
    self: selfPort({
      version: readVersion(),
      sources: () => sources.health(),
      collector: () => present.health(),
      triggers: () => triggers.health(),
      storage: () => storage.health(),
      triggersFault: () => triggers.fault,
      reload: report,
    }),
    clock,
    logger,
  });

  // What is kept first, then who asks, then who brings: nobody is answered from half a replay.
  const store: Component = { start: async () => {}, stop: () => storage.close() };
  // Clusters that nobody asks for any more leave before anybody sees them, and when triggers can end their alerts.
  const claims: Component = {
    start: async () => present.sourcesAre(claimsOf(config.sources)),
    stop: async () => {},
  };
  const parts: Component[] = [store, present, triggers, claims, watch, servers, sources];
  await startAll(parts);
  logger.info({ stateDir, sources: config.sources.length, triggers: config.triggers.length }, "the collector works");
  return {
    stop: () => stopAll(parts),
    reload: reloader(config, file, { present, sources, triggers, report, logger }),
  };
}

/** What only a new process takes over. */
const FIXED = ["window", "window-memory", "spill-every", "sync", "limits", "storage", "serve"] as const;
const JUDGING = ["triggers", "receivers", "commands"] as const;

interface Reloaded {
  readonly present: Pick<Collector, "sourcesAre">;
  readonly sources: SourceSet;
  readonly triggers: TriggerHost;
  readonly report: ReloadReport;
  readonly logger: Logger;
}

function reloader(
  started: Configuration,
  file: string,
  { present, sources, triggers, report, logger }: Reloaded,
): () => Promise<void> {
  let inForce = started;
  return async () => {
    const next = rereadConfiguration(file, logger, loadCollectorConfiguration, (reason) =>
      report.refused(reason, clock.nowMs()),
    );
    if (next === undefined) return;
    const changes = await sources.replace(next.sources);
    present.sourcesAre(claimsOf(next.sources));
    const judging = changedKeys(inForce, next, JUDGING);
    if (judging.length > 0 || triggers.fault !== "") await triggers.replace(next);
    inForce = next;
    logger.info({ changes: [...changes, ...judging.map((key) => `${key} changed`)] }, "configuration read anew");
    const fixed = changedKeys(started, next, FIXED);
    report.taken(fixed);
    if (fixed.length > 0) logger.warn({ keys: fixed }, `${fixed.join(", ")}: the change needs a restart`);
  };
}
