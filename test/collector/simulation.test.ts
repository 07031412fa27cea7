/**
 * Random frames, spills, disk faults, kills at any disk operation and in the
 * middle of a write, power cuts, restarts; beside it a plain list of what was acknowledged.
 * Every acknowledged sample must be there, once, under its own name; a frame that
 * was being taken when the process died must be there whole or not at all.
 *
 * GRATE_SEED=<number> repeats one run, GRATE_RUNS=<count> asks for more.
 */
import { expect, it } from "vitest";
import type { Collector } from "../../collector/pipeline.js";
import type { Archive, SeriesBatch, SeriesQuery } from "../../core/model/archive.js";
import { newHostFacts } from "../../core/model/host.js";
import type { SeriesKey } from "../../core/model/series.js";
import { MemoryArchive, type MemoryData } from "../../storage/memory/memory-archive.js";
import { diskError, MemoryLogFiles } from "../support/memory-log-files.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { type Cell, directoryOf, makeCollector, makeFrame } from "./support.js";

const S = 1_000;
const MINUTE = 60 * S;
const RUNS = Number(process.env["GRATE_RUNS"] ?? 25);
const FIRST_SEED = process.env["GRATE_SEED"];
const STEPS = 120;

/** Small, fast and the same everywhere: mulberry32. */
function makeRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Sample {
  readonly timeMs: number;
  readonly value: number | string;
  /** "" for one that must be there; else it may be, if all with the same word are. */
  readonly doubtful: string;
}

/** Works for as long as the process lives. */
class MortalArchive extends MemoryArchive {
  readonly #isDead: () => boolean;
  readonly #fails: () => boolean;

  constructor(data: MemoryData, isDead: () => boolean, fails: () => boolean) {
    super(data);
    this.#isDead = isDead;
    this.#fails = fails;
  }

  override async append(batches: readonly SeriesBatch[]): Promise<void> {
    if (this.#isDead()) return new Promise(() => {});
    if (this.#fails()) throw diskError("EIO");
    await super.append(batches);
  }

  override async read(query: SeriesQuery) {
    await Promise.resolve();
    return super.read(query);
  }
}

class Simulation {
  readonly #random: () => number;
  readonly #data: MemoryData = new Map();
  readonly #withArchive: boolean;
  readonly #samples = new Map<string, { key: SeriesKey; samples: Sample[] }>();
  #clock = new VirtualClock();
  #files = new MemoryLogFiles();
  #collector: Collector | undefined;
  #dead = false;
  #archiveFails = false;
  /** Disk operations until the process dies. */
  #operationsLeft = Number.POSITIVE_INFINITY;
  #values = 0;
  #frames = 0;
  readonly counts = { kills: 0, doubtful: 0, checked: 0, failures: 0 };

  constructor(seed: number) {
    this.#random = makeRandom(seed);
    this.#withArchive = this.#chance(0.85);
  }

  async run(): Promise<void> {
    await this.#start();
    for (let step = 0; step < STEPS; step++) await this.#step();
    await this.#kill();
    await this.#verify();
  }

  async #step(): Promise<void> {
    const dice = this.#random();
    if (dice < 0.7) await this.#frame();
    else if (dice < 0.8) await this.#clock.advance(this.#below(5 * MINUTE));
    else if (dice < 0.84) await this.#clock.advance(this.#below(40 * MINUTE));
    else if (dice < 0.88) this.#faultOrMend();
    else if (dice < 0.92) this.#collector?.requestSpill();
    else if (dice < 0.95) this.#operationsLeft = this.#below(40);
    else if (dice < 0.98) await this.#kill();
    else await this.#verify();
    if (this.#dead) await this.#kill();
    else if (this.#collector?.health().ready) this.#makeCertain();
  }

  /** The log is whole: what was in doubt is promised now. */
  #makeCertain(): void {
    for (const entry of this.#samples.values()) {
      entry.samples = entry.samples.map((sample) => (sample.doubtful === "" ? sample : { ...sample, doubtful: "" }));
    }
  }

  async #frame(): Promise<void> {
    await this.#clock.advance(this.#below(20 * S));
    const collector = this.#collector as Collector;
    const cluster = this.#chance(0.8) ? "c" : "d";
    const timeMs = this.#clock.nowMs();
    const cells: Cell[] = [];
    const fresh: { cell: Cell; key: SeriesKey }[] = [];
    for (let i = this.#below(12); i >= 0; i--) {
      // Names change slowly with time: hosts come, go for good, and hand on their rows.
      const host = `h${Math.floor(this.#frames / 25) + this.#below(4)}`;
      const metric = `m${this.#below(3)}`;
      const isText = metric === "m2";
      const key = { cluster, host, metric };
      const lastMs = this.#of(key).samples.at(-1)?.timeMs ?? 0;
      const takenMs = timeMs - this.#below(10 * S);
      if (takenMs <= lastMs + S || cells.some(([h, m]) => h === host && m === metric)) continue;
      const value = isText ? `v${this.#values++}` : this.#values++;
      fresh.push({ cell: [host, metric, value, takenMs], key });
      cells.push([host, metric, value, takenMs]);
      const again = this.#of(key).samples.at(-1);
      if (again?.doubtful === "" && this.#chance(0.3)) cells.push([host, metric, again.value, again.timeMs]);
    }
    const directory = directoryOf(collector, cluster);
    for (const [host] of cells) {
      directory.describeHost(directory.row(host), { ...newHostFacts(host), dmaxS: 30 * 60 });
    }
    const wasLogging = collector.health().ready;
    collector.accept(makeFrame(directory, { timeMs, cells }));
    this.#frames++;
    const acknowledged = !this.#dead && collector.health().ready;
    if (!acknowledged) this.counts.doubtful++;
    fresh.forEach(({ cell, key }, i) => {
      // Taken while the log cannot be written: the archive may get some of it before the process dies.
      const doubtful = acknowledged
        ? ""
        : wasLogging && this.#dead
          ? `frame ${this.#frames}`
          : `frame ${this.#frames} cell ${i}`;
      this.#of(key).samples.push({ timeMs: cell[3], value: cell[2], doubtful });
    });
  }

  #faultOrMend(): void {
    this.#archiveFails = this.#chance(0.3);
    this.#files.freeBytes = this.#chance(0.3) ? this.#below(3_000) : Number.POSITIVE_INFINITY;
    this.counts.failures++;
  }

  /** The process dies; its frames in memory with it. The next one starts on what the disk holds. */
  async #kill(): Promise<void> {
    this.counts.kills++;
    // What is older than a sync survives a power cut as well.
    const powerCut = !this.#dead && this.#collector?.health().ready === true && this.#chance(0.5);
    if (powerCut) await this.#clock.advance(S);
    const synced = powerCut && !this.#dead;
    this.#dead = true;
    this.#files = synced ? this.#files.afterPowerCut() : this.#files.afterKill();
    const startMs = this.#clock.nowMs() + (this.#chance(0.2) ? this.#below(90 * MINUTE) : this.#below(5 * S));
    this.#clock = new VirtualClock(startMs);
    this.#archiveFails = false;
    this.#operationsLeft = Number.POSITIVE_INFINITY;
    await this.#start();
    await this.#settleDoubts();
  }

  async #start(): Promise<void> {
    const files = this.#files;
    // The process whose disk this is; one that was killed keeps its own flag for ever.
    const process = { dead: false };
    this.#dead = false;
    files.before = (_operation, name, bytes) => {
      if (this.#operationsLeft-- <= 0 && !process.dead && files === this.#files) {
        process.dead = true;
        this.#dead = true;
        if (bytes !== undefined) this.#tear(files, name, bytes);
      }
      if (process.dead) throw diskError("EIO");
    };
    const archive: Archive = new MortalArchive(
      this.#data,
      () => process.dead || files !== this.#files,
      () => this.#archiveFails,
    );
    this.#collector = makeCollector({
      clock: this.#clock,
      files,
      ...(this.#withArchive ? { archive } : {}),
      config: { window: this.#withArchive ? "15m" : "30d" },
      tuning: { samplesPerPart: 5 + this.#below(100), segmentBytesMax: 2_000 + this.#below(20_000) },
    });
    await this.#collector.start();
  }

  /** Dies in the middle of a write: a part of it is on the disk, or all. */
  #tear(files: MemoryLogFiles, name: string, bytes: Uint8Array): void {
    const part = bytes.subarray(0, this.#below(bytes.length + 1));
    files.put(name, Uint8Array.from([...files.bytesOf(name), ...part]));
  }

  /** After a restart it is decided what became of the frames that were not acknowledged. */
  async #settleDoubts(): Promise<void> {
    const fates = new Map<string, boolean>();
    for (const entry of this.#samples.values()) {
      if (entry.samples.every((sample) => sample.doubtful === "")) continue;
      const there = new Map(await this.#history(entry.key));
      entry.samples = entry.samples.filter(({ timeMs, doubtful }) => {
        if (doubtful === "") return true;
        const isThere = there.has(timeMs);
        expect(fates.get(doubtful) ?? isThere, `${doubtful} is there in parts`).toBe(isThere);
        fates.set(doubtful, isThere);
        return isThere;
      });
    }
    this.#makeCertain();
    await this.#verify();
  }

  async #verify(): Promise<void> {
    for (const { key, samples } of this.#samples.values()) {
      const expected = samples.map(({ timeMs, value }) => [timeMs, value]);
      expect(await this.#history(key), `${key.cluster}/${key.host}/${key.metric}`).toEqual(expected);
      this.counts.checked += expected.length;
    }
  }

  async #history(key: SeriesKey): Promise<[number, number | string][]> {
    const answer = await this.#collector?.history({ key, fromMs: 0, toMs: this.#clock.nowMs() + 1 });
    if (answer === undefined || answer.kind === "buckets") return [];
    const values: ArrayLike<number | string> = answer.kind === "number" ? answer.values : answer.texts;
    return Array.from(answer.timesMs, (timeMs, i) => [timeMs, values[i] as number | string]);
  }

  #of(key: SeriesKey) {
    const text = `${key.cluster}/${key.host}/${key.metric}`;
    let entry = this.#samples.get(text);
    if (entry === undefined) {
      entry = { key, samples: [] };
      this.#samples.set(text, entry);
    }
    return entry;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }
}

const seeds = FIRST_SEED === undefined ? Array.from({ length: RUNS }, (_, i) => 20_061_127 + i) : [Number(FIRST_SEED)];

it.each(seeds)("nothing is lost and nothing doubled, seed %i", async (seed) => {
  const simulation = new Simulation(seed);
  await simulation.run();
  expect(simulation.counts.checked).toBeGreaterThan(0);
});
