/**
 * A collector in this process on a virtual clock and a real directory: reader,
 * table, log, window, triggers, spill to SQLite. It can be killed and begun again
 * on what it left.
 */
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { collectorSchema } from "../../../collector/config.js";
import type { CollectorHealth } from "../../../collector/health.js";
import type { HistoryAnswer } from "../../../collector/history.js";
import { Collector } from "../../../collector/pipeline.js";
import { silentLogger } from "../../../core/base/log.js";
import { nodeLogFiles } from "../../../core/base/record-log-files.js";
import type { Archive } from "../../../core/model/archive.js";
import { GangliaXmlReader, type ReadReport } from "../../../core/wire/ganglia/xml-reader.js";
import { storageSchema } from "../../../storage/config.js";
import { openSqliteStore } from "../../../storage/sqlite/sqlite-store.js";
import { triggersSchema } from "../../../triggers/config.js";
import { recordLogJournal } from "../../../triggers/engine/journal-log.js";
import { TriggerEngine } from "../../../triggers/engine.js";
import { VirtualClock } from "../../support/virtual-clock.js";

export const CLUSTER = "emulated";

/** Two of them are true on some hosts at any time; `load` has no hold-down, so that it can be told by arithmetic. */
const TRIGGERS = [
  { name: "load", when: "load_one > 18" },
  { name: "user", when: "cpu_user > 70", for: "5m", recover: "cpu_user < 60" },
  { name: "full", when: "part_max_used > 94", for: "1m", severity: "critical" },
  { name: "memory", when: "mem_free < 1000000 and swap_free < 100000", for: "2m" },
];

export interface StationOptions {
  readonly directory: string;
  /** Wall clock at the start, epoch ms. */
  readonly startMs: number;
  /** Kept in SQLite, as in the configuration. */
  readonly keep: string;
}

export class Station {
  readonly clock: VirtualClock;
  readonly #options: StationOptions;
  readonly #archive: Archive;
  readonly #present: Collector;
  readonly #triggers: TriggerEngine;
  readonly #reader: GangliaXmlReader;

  private constructor(options: StationOptions) {
    this.#options = options;
    const { directory, startMs, keep } = options;
    mkdirSync(directory, { recursive: true });
    this.clock = new VirtualClock(startMs);
    const common = { clock: this.clock, logger: silentLogger };
    const log = { info: () => {}, warn: () => {} };
    const storage = storageSchema.parse({ sqlite: { keep } });
    this.#archive = openSqliteStore({ stateDir: directory, config: storage, clock: this.clock, log }).archive;
    this.#present = new Collector({
      // The wait for the disk is not what is looked at here: one sync in four rounds.
      config: collectorSchema.parse({ sync: "60s" }),
      instance: "soak",
      files: nodeLogFiles(join(directory, "frames")),
      archive: this.#archive,
      ...common,
    });
    this.#triggers = new TriggerEngine({
      config: { triggers: triggersSchema.parse(TRIGGERS), receivers: {}, commands: {} },
      openJournal: recordLogJournal(nodeLogFiles(join(directory, "triggers"))),
      ...common,
    });
    this.#present.onFrame((view, frame) => this.#triggers.evaluate(view, frame.timeMs));
    this.#reader = new GangliaXmlReader({ source: "soak", sink: this.#present });
  }

  static async start(options: StationOptions): Promise<Station> {
    const station = new Station(options);
    await station.#present.start();
    await station.#triggers.start();
    return station;
  }

  read(document: Uint8Array): ReadReport {
    return this.#reader.read(document, this.clock.nowMs());
  }

  health(): CollectorHealth {
    return this.#present.health();
  }

  /** Hosts on which a trigger fires. */
  firing(trigger: string): string[] {
    const alerts = this.#triggers.alerts().filter((alert) => alert.trigger === trigger && alert.state === "firing");
    return alerts.map(({ host }) => host).sort();
  }

  history(host: string, metric: string, fromMs: number, toMs: number): Promise<HistoryAnswer | undefined> {
    return this.#present.history({ key: { cluster: CLUSTER, host, metric }, fromMs, toMs });
  }

  /** Bytes on the disk besides the frame log, of which health tells. */
  diskBytes(): { journal: number; history: number } {
    const { directory } = this.#options;
    const sizes = (path: string, pattern: RegExp) =>
      readdirSync(path)
        .filter((name) => pattern.test(name))
        .reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
    return { journal: sizes(join(directory, "triggers"), /\.log$/), history: sizes(directory, /^history\.db/) };
  }

  /** As kill -9 does: nothing is stopped, synced or told. The clock stands still for ever. */
  async kill(): Promise<void> {
    // Another handle of this process must not hold SQLite's locks.
    await this.#archive.close();
  }

  async stop(): Promise<void> {
    await this.#triggers.stop();
    await this.#present.stop();
    await this.#archive.close();
  }
}
