/**
 * The arithmetic of an emulated cluster: any value of any host in any round, by
 * formula, so that a reader can be checked years of rounds later without a record.
 *
 * Of the 39 metrics 4 are text and 6 are constants of the machine. Each of the
 * other 29 takes a new value in 13 of 29 rounds, so that one value in three of
 * the whole document changes from a round to the next. Values wander as a random
 * walk does: hashed noise of several lengths, laid over each other.
 */
import type { Template, TemplateMetric } from "./template.js";

/** Between these a metric wanders; what is not named keeps its captured value. */
const RANGES: Readonly<Record<string, readonly [low: number, high: number]>> = Object.freeze({
  bytes_in: [0, 250_000],
  bytes_out: [0, 180_000],
  pkts_in: [0, 4_000],
  pkts_out: [0, 3_000],
  cpu_aidle: [30, 99],
  cpu_idle: [0, 100],
  cpu_nice: [0, 3],
  cpu_system: [0, 12],
  cpu_user: [0, 90],
  cpu_wio: [0, 8],
  disk_free: [60, 110],
  part_max_used: [40, 95],
  io_busymax: [0, 60],
  io_max_svc_time: [0, 0.02],
  io_max_wait_time: [0, 0.05],
  io_nread: [0, 900_000],
  io_nwrite: [0, 1_500_000],
  io_reads: [0, 200],
  io_writes: [0, 350],
  load_fifteen: [0, 12],
  load_five: [0, 16],
  load_one: [0, 24],
  mem_buffers: [900, 120_000],
  mem_cached: [90_000, 9_000_000],
  mem_free: [900_000, 23_000_000],
  mem_shared: [0, 90_000],
  swap_free: [0, 2_000_000],
  proc_run: [0, 30],
  proc_total: [80, 1_200],
});

const CHANGES = 13;
const CHANGES_IN = 29;

/** Periods of the noise in changes, and how much each counts. */
const OCTAVES = [
  [1, 0.05],
  [4, 0.15],
  [32, 0.3],
  [512, 0.5],
] as const;

/** Values are this far apart at least: each new one differs in print from the one before. */
const LEAST_SPAN = 4;

export interface ClusterOptions {
  readonly name: string;
  readonly hosts: number;
  readonly seed: number;
  /** Time between two rounds, seconds. */
  readonly intervalS: number;
  /**
   * "all": every value was sent again since the last round, changed or not: all
   * samples are new. "changed": only what changed was; the age of the rest grows.
   */
  readonly fresh: "all" | "changed";
}

/** How a metric of the template moves, in units of its last printed digit. */
interface Walk {
  readonly low: number;
  /** 0: it does not move. */
  readonly span: number;
}

export class EmulatedCluster {
  readonly options: ClusterOptions;
  readonly metrics: readonly TemplateMetric[];
  readonly #walks: readonly Walk[];
  readonly #groups: readonly number[];

  constructor(template: Template, options: ClusterOptions) {
    this.options = options;
    this.metrics = template.metrics;
    this.#walks = template.metrics.map(walkOf);
    const names = [...new Set(template.metrics.map(({ group }) => group))];
    this.#groups = template.metrics.map(({ group }) => names.indexOf(group));
  }

  hostName(host: number): string {
    return `node${String(host + 1).padStart(5, "0")}`;
  }

  hostIp(host: number): string {
    return `10.${100 + (host >> 16)}.${(host >> 8) & 255}.${host & 255}`;
  }

  isText(metric: number): boolean {
    return this.metrics[metric]?.type === "string";
  }

  moves(metric: number): boolean {
    return (this.#walks[metric] as Walk).span > 0;
  }

  /** How often the value has changed up to this round. */
  changesAt(host: number, metric: number, round: number): number {
    if (!this.moves(metric)) return 0;
    return Math.floor((round * CHANGES + this.#phase(host, metric)) / CHANGES_IN);
  }

  /** The number in units of its last printed digit; 0 for text. */
  unitsAt(host: number, metric: number, changes: number): number {
    const { low, span } = this.#walks[metric] as Walk;
    if (span === 0) return low;
    let level = 0.5;
    for (let octave = 0; octave < OCTAVES.length; octave++) {
      const [period, weight] = OCTAVES[octave] as (typeof OCTAVES)[number];
      const at = Math.floor(changes / period);
      const part = (changes % period) / period;
      const from = this.#noise(host, metric, octave, at);
      const to = this.#noise(host, metric, octave, at + 1);
      level += (weight / 2) * (from + (to - from) * part);
    }
    // Even after an even number of changes, odd after an odd one: a change is seen.
    return low + 2 * Math.floor((level * (span - 1)) / 2) + (changes & 1);
  }

  textAt(host: number, metric: number, round: number): string {
    const { value, decimals } = this.metrics[metric] as TemplateMetric;
    if (this.isText(metric)) return value;
    return (this.unitsAt(host, metric, this.changesAt(host, metric, round)) / 10 ** decimals).toFixed(decimals);
  }

  /** Age of a value at the time of the round, seconds. Never the same in two rounds that follow each other. */
  tnAt(host: number, metric: number, round: number): number {
    const { intervalS, fresh } = this.options;
    const group = this.#groups[metric] as number;
    const phase = this.#hash(host, group, 5, 0) % intervalS;
    if (fresh === "all") return (phase + 7 * round) % intervalS;
    const changes = this.changesAt(host, metric, round);
    const since = changes === 0 ? 0 : Math.ceil((changes * CHANGES_IN - this.#phase(host, metric)) / CHANGES);
    return phase + (round - since) * intervalS;
  }

  /** The host was heard with its youngest value. */
  hostTnAt(host: number, round: number): number {
    let youngest = Number.POSITIVE_INFINITY;
    for (let metric = 0; metric < this.metrics.length; metric++) {
      youngest = Math.min(youngest, this.tnAt(host, metric, round));
    }
    return youngest;
  }

  /** Where in its 29 rounds the metric is in round 0. */
  #phase(host: number, metric: number): number {
    return this.#hash(host, metric, 7, 0) % CHANGES_IN;
  }

  /** -1 .. 1 */
  #noise(host: number, metric: number, octave: number, at: number): number {
    return this.#hash(host, metric, octave, at) / 2 ** 31 - 1;
  }

  /** 32 bits of four small numbers and the seed. */
  #hash(a: number, b: number, c: number, d: number): number {
    let h = this.options.seed | 0;
    h = Math.imul(h ^ a, 0x85ebca6b);
    h = Math.imul((h ^ (h >>> 13)) + b, 0xc2b2ae35);
    h = Math.imul((h ^ (h >>> 16)) + c, 0x27d4eb2f);
    h = Math.imul((h ^ (h >>> 15)) + d, 0x165667b1);
    return (h ^ (h >>> 16)) >>> 0;
  }
}

function walkOf({ name, type, value, decimals }: TemplateMetric): Walk {
  if (type === "string") return { low: 0, span: 0 };
  const range = RANGES[name];
  if (range === undefined) return { low: Math.round(Number(value) * 10 ** decimals), span: 0 };
  const [low, high] = range.map((limit) => Math.round(limit * 10 ** decimals)) as [number, number];
  return { low, span: Math.max(LEAST_SPAN, high - low) };
}
