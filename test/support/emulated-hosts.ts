/** The polls of an emulated cluster as frames, without the documents and without reading them. */
import type { ClusterDirectory } from "../../core/model/directory.js";
import type { Frame } from "../../core/model/frame.js";
import { newHostFacts } from "../../core/model/host.js";
import { isMetricType, isSlope, kindOf, type MetricMeta } from "../../core/model/metric.js";
import { EmulatedCluster } from "../bench/emulator/cluster.js";
import { readTemplate, type TemplateMetric } from "../bench/emulator/template.js";
import { SeededRandom } from "./seeded-random.js";

export const POLL_MS = 15_000;

export interface EmulationOptions {
  readonly hosts: number;
  readonly seed: number;
  /** groups: a host's metrics of one group share their age, as gmond sends them. each: every metric has its own. */
  readonly ages?: "groups" | "each";
}

export class EmulatedHosts {
  readonly hosts: number;
  readonly #cluster: EmulatedCluster;
  readonly #random: SeededRandom | undefined;
  readonly #metas: readonly MetricMeta[];
  #columns: number[] = [];
  #round = 0;

  constructor({ hosts, seed, ages = "groups" }: EmulationOptions) {
    const template = readTemplate("test/fixtures/ganglia-3.7.2/gmond-8649.xml");
    this.hosts = hosts;
    this.#cluster = new EmulatedCluster(template, { name: "emulated", hosts, seed, intervalS: 15, fresh: "all" });
    this.#metas = template.metrics.map(metaOf);
    this.#random = ages === "each" ? new SeededRandom(seed) : undefined;
  }

  /** Samples of one poll. */
  get cells(): number {
    return this.hosts * this.#metas.length;
  }

  hostName(host: number): string {
    return this.#cluster.hostName(host);
  }

  /** Names all hosts and metrics. */
  describe(directory: ClusterDirectory): void {
    this.#columns = this.#metas.map((meta) => directory.column(meta.name, kindOf(meta.type)));
    for (let host = 0; host < this.hosts; host++) {
      const name = this.hostName(host);
      const row = directory.row(name);
      directory.describeHost(row, { ...newHostFacts(name), ip: this.#cluster.hostIp(host) });
      for (const [m, meta] of this.#metas.entries()) directory.describeMetric(row, this.#columns[m] as number, meta);
    }
  }

  /** Fills a frame with the next poll. */
  fill(frame: Frame, localtimeMs: number): void {
    const cluster = this.#cluster;
    const round = this.#round++;
    frame.clear();
    frame.timeMs = localtimeMs;
    for (let host = 0; host < this.hosts; host++) {
      const row = frame.directory.findRow(this.hostName(host));
      frame.heard(row, localtimeMs - cluster.hostTnAt(host, round) * 1_000);
      for (const [m, { value, decimals }] of cluster.metrics.entries()) {
        const column = this.#columns[m] as number;
        const tnS = this.#random?.below(POLL_MS / 1_000) ?? cluster.tnAt(host, m, round);
        const timeMs = localtimeMs - tnS * 1_000;
        if (cluster.isText(m)) frame.pushText(row, column, value, timeMs);
        else {
          const units = cluster.unitsAt(host, m, cluster.changesAt(host, m, round));
          frame.pushNumber(row, column, units / 10 ** decimals, timeMs, decimals);
        }
      }
    }
  }
}

function metaOf({ name, type, units, slope, tmaxS, extra }: TemplateMetric): MetricMeta {
  if (!isMetricType(type) || !isSlope(slope)) throw new Error(`the captured document has type ${type}, slope ${slope}`);
  return { name, type, units, slope, tmaxS, dmaxS: 0, extra };
}
