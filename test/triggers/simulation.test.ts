/**
 * Random frames from a seed, and a kill -9 at every single write: before it, in
 * the middle of it, and right after it. Whatever the moment, the next start must
 * neither lose nor repeat anything; not even if the journal is gone by then and only
 * the store is left.
 */
import { describe, expect, test } from "vitest";
import { eventKeeper } from "../../collector/bin/event-history.js";
import { silentLogger } from "../../core/base/log.js";
import type { LogFile, LogFiles } from "../../core/base/record-log.js";
import type { AlertEvent } from "../../core/model/alert.js";
import { EVENTS_READ_MAX } from "../../storage/event-store.js";
import { MemoryEventStore } from "../../storage/memory/memory-event-store.js";
import type { RunProcess } from "../../triggers/actions/process.js";
import { commandsSchema, triggersSchema } from "../../triggers/config.js";
import { recordLogJournal } from "../../triggers/engine/journal-log.js";
import { TriggerEngine } from "../../triggers/engine.js";
import type { Receiver } from "../../triggers/notify/receiver.js";
import { MemoryLogFiles } from "../support/memory-log-files.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { ENDED_WELL, START_MS } from "./support/harness.js";
import { TestTable } from "./support/table.js";

const HOSTS = ["node1", "node2", "node3"];
const FRAMES = 24;
const FRAME_S = 15;

const TRIGGERS = triggersSchema.parse([
  { name: "hot", when: "x > 70", recover: "x < 60", notify: ["ops", "night"] },
  { name: "slow", when: "x > 50", for: "30s", notify: ["ops"], run: ["drain"] },
  { name: "quick", when: "x > 80", run: ["drain"] },
]);
const COMMANDS = commandsSchema.parse({ drain: { run: ["/bin/drain", "{{host}}", "{{episode}}"] } });

/** mulberry32 */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Values by frame and host; undefined is a sample that got lost. */
function script(seed: number): (number | undefined)[][] {
  const random = randomOf(seed);
  return Array.from({ length: FRAMES }, (_, frame) =>
    HOSTS.map(() => {
      // The last frames are calm, so that everything comes to an end.
      if (frame >= FRAMES - 4) return frame >= FRAMES - 2 ? 10 : 55;
      return random() < 0.15 ? undefined : 100 * random();
    }),
  );
}

/** What stays when the process dies: the mails and runs that happened, and the values of the hosts. */
class World {
  readonly table = new TestTable();
  /** Of events and states; nothing of it where only the journal is to count. */
  readonly store: MemoryEventStore | undefined;
  readonly mails: { id: string; kind: string; receiver: string; life: number; episodes: string[] }[] = [];
  readonly runs: { episode: string; life: number }[] = [];
  /** Alerts firing at the beginning of a life. */
  restoredFiring = 0;

  constructor(store?: MemoryEventStore) {
    this.store = store;
  }
}

class Killed extends Error {}

interface Kill {
  /** At this write, counted from the start; Infinity: at none. */
  readonly at: number;
  /** Of the bytes of that write that are written. */
  readonly share: number;
  /** Instead: so long after the start, between two turns. */
  readonly afterMs?: number;
}

const NEVER: Kill = { at: Number.POSITIVE_INFINITY, share: 0 };

/** Lets the n-th write take only a part of its bytes; nothing that this life does counts any more. */
class KillableFiles implements LogFiles {
  writes = 0;
  dead = false;
  readonly #inner: MemoryLogFiles;
  readonly #killAt: number;
  readonly #share: number;

  /** @param share 0 dies before the write, 1 right after it */
  constructor(inner: MemoryLogFiles, killAt: number, share: number) {
    this.#inner = inner;
    this.#killAt = killAt;
    this.#share = share;
  }

  list = () => this.#inner.list();
  read = (name: string) => this.#inner.read(name);
  remove = (name: string) => {
    this.#live();
    this.#inner.remove(name);
  };

  open(name: string): LogFile {
    this.#live();
    const file = this.#inner.open(name);
    return {
      write: (bytes) => {
        this.#live();
        if (++this.writes !== this.#killAt) return file.write(bytes);
        const part = Math.floor(bytes.length * this.#share);
        if (part > 0) file.write(bytes.subarray(0, part));
        this.dead = true;
        throw new Killed();
      },
      sync: () => {
        this.#live();
        file.sync();
      },
      truncate: (lengthBytes) => {
        this.#live();
        file.truncate(lengthBytes);
      },
      close: () => file.close(),
    };
  }

  #live(): void {
    if (this.dead) throw new Killed();
  }
}

class Life {
  readonly files: KillableFiles;
  readonly engine: TriggerEngine;
  readonly clock: VirtualClock;
  readonly #world: World;

  constructor(
    world: World,
    files: MemoryLogFiles,
    atMs: number,
    life: number,
    { at, share, afterMs }: Kill,
    seed: number,
  ) {
    this.#world = world;
    this.files = new KillableFiles(files, at, share);
    this.clock = new VirtualClock(atMs);
    if (afterMs !== undefined) this.clock.setTimer(() => (this.files.dead = true), afterMs);
    const random = randomOf(seed + 1_000 * life);
    const receiver = (name: string): Receiver => ({
      recipients: ["root@khab"],
      deliver: async (notice, recipients) => {
        const later = random() < 0.3;
        if (random() < 0.5) await new Promise<void>((resolve) => this.clock.setTimer(resolve, random() * 20_000));
        if (this.files.dead) return new Promise(() => {});
        if (later) return { delivered: [], refused: [], deferred: [{ recipient: "root@khab", reason: "later" }] };
        const episodes = notice.items.map(({ episode }) => episode);
        world.mails.push({ id: notice.id, kind: notice.kind, receiver: name, life, episodes });
        return { delivered: recipients, refused: [], deferred: [] };
      },
    });
    const runProcess: RunProcess = (order) => {
      if (!this.files.dead) world.runs.push({ episode: String(order.argv[2]), life });
      const result = new Promise<typeof ENDED_WELL>((resolve) =>
        this.clock.setTimer(() => resolve(ENDED_WELL), random() * 40_000),
      );
      return { result, terminate: () => {} };
    };
    this.engine = new TriggerEngine({
      config: { receivers: {}, commands: COMMANDS, triggers: TRIGGERS },
      clock: this.clock,
      logger: silentLogger,
      openJournal: recordLogJournal(this.files),
      receivers: new Map([
        ["ops", receiver("ops")],
        ["night", receiver("night")],
      ]),
      runProcess,
      run: `life${life}`,
      ...(world.store === undefined ? {} : { eventSink: eventKeeper(world.store) }),
      // Small, so that the journal is written anew several times.
      compactBytes: 3_000,
    });
  }

  /** @returns index of the first frame that this life did not see to its end */
  async live(frames: (number | undefined)[][], from: number): Promise<number> {
    // A start that dies under its hands.
    await this.engine.start().catch(() => {});
    this.#world.restoredFiring += this.engine.health().firing;
    for (let i = from; i < frames.length; i++) {
      const timeMs = START_MS + i * FRAME_S * 1_000;
      if (this.clock.nowMs() < timeMs) await this.clock.advance(timeMs - this.clock.nowMs());
      if (this.files.dead) return i;
      for (const [h, value] of (frames[i] ?? []).entries()) {
        if (value !== undefined)
          this.#world.table.set(HOSTS[h] as string, "x", value, timeMs, { tmaxS: FRAME_S / 4 + 1 });
        else this.#world.table.heard(HOSTS[h] as string, timeMs);
      }
      this.engine.evaluate(this.#world.table, timeMs);
      await this.clock.advance(0);
      if (this.files.dead) return i + 1;
    }
    await this.clock.advance(15 * 60_000);
    return this.files.dead ? frames.length : -1;
  }
}

interface Outcome {
  readonly world: World;
  readonly events: readonly AlertEvent[];
  readonly alerts: number;
  readonly writes: number;
  /** Notices that had a recorded result when a life ended, with the number of that life. */
  readonly finished: { id: string; life: number }[];
}

/** @param store if there is one, each kill takes the journal along */
async function play(seed: number, kills: readonly Kill[], store?: MemoryEventStore): Promise<Outcome> {
  const world = new World(store);
  const frames = script(seed);
  let files = new MemoryLogFiles();
  let from = 0;
  let atMs = START_MS;
  const finished: { id: string; life: number }[] = [];
  for (let life = 0; ; life++) {
    const one = new Life(world, files, atMs, life, kills[life] ?? NEVER, seed);
    from = await one.live(frames, from);
    if (from < 0) {
      const events = (await heldEvents(one.engine, store)).toReversed();
      // Of what is only pending the store is told within a minute; killed behind the last frame, nobody clears it.
      const alerts = store === undefined ? one.engine.alerts().length : one.engine.health().firing;
      return { world, events, alerts, writes: one.files.writes, finished };
    }
    atMs = Math.max(one.clock.nowMs(), atMs);
    files = store === undefined ? files.afterKill() : new MemoryLogFiles();
    for (const event of store === undefined ? await recorded(files) : await heldEvents(undefined, store)) {
      if (event.kind === "notice-sent" || event.kind === "notice-failed") {
        finished.push({ id: String(event.details["notice"]), life });
      }
    }
  }
}

/** Newest first. */
async function heldEvents(engine?: TriggerEngine, store?: MemoryEventStore): Promise<readonly AlertEvent[]> {
  return store === undefined ? (engine?.events(100_000) ?? []) : store.read({ limit: EVENTS_READ_MAX });
}

/** What a start finds in the journal. */
async function recorded(files: MemoryLogFiles): Promise<readonly AlertEvent[]> {
  const reader = new Life(new World(), files.afterKill(), START_MS, 99, NEVER, 0);
  await reader.engine.start();
  return reader.engine.events(100_000);
}

function check({ world, events, alerts, finished }: Outcome, label: string): void {
  const fail = (what: string) => {
    throw new Error(`${label}: ${what}\n${events.map((event) => `${event.sequence} ${event.message}`).join("\n")}`);
  };
  const of = (kind: AlertEvent["kind"]) => events.filter((event) => event.kind === kind);

  // Sequence numbers grow by one, over all lives.
  events.forEach((event, i) => {
    if (event.sequence !== i + 1) fail(`event ${event.sequence} stands at place ${i + 1}`);
  });
  // Every episode begins once and ends once; nothing is left over.
  const begun = of("fired").map(({ episode }) => episode);
  const ended = of("resolved").map(({ episode }) => episode);
  if (new Set(begun).size !== begun.length) fail("an episode began twice");
  if ([...begun].sort().join() !== [...ended].sort().join()) fail("episodes begun and ended differ");
  if (alerts !== 0) fail(`${alerts} alerts are left`);

  // No command runs twice for an episode, and each has exactly one outcome.
  const runs = world.runs.map(({ episode }) => episode);
  if (new Set(runs).size !== runs.length) fail("a command ran twice");
  for (const episode of begun) {
    const trigger = of("fired").find((event) => event.episode === episode)?.trigger;
    const outcomes = events.filter(
      ({ kind, episode: of }) => of === episode && /^command-(finished|refused|unknown)$/.test(kind),
    );
    if (outcomes.length !== (trigger === "hot" ? 0 : 1))
      fail(`${episode} has ${outcomes.length} outcomes of its command`);
    const ran = runs.includes(episode);
    if (!ran && outcomes[0]?.kind === "command-finished") fail(`${episode} did not run but finished`);
    if (ran && outcomes[0]?.kind === "command-refused") fail(`${episode} ran but was refused`);
  }

  // No notice is lost: whoever is to be told of an episode was, of its beginning and of its end.
  for (const { episode, trigger } of of("fired")) {
    const receivers = trigger === "hot" ? ["ops", "night"] : trigger === "slow" ? ["ops"] : [];
    for (const receiver of receivers) {
      const got = world.mails.filter((mail) => mail.receiver === receiver && mail.episodes.includes(episode));
      const kinds = [...new Set(got.map(({ kind }) => kind))].join();
      if (kinds !== "fired,resolved") fail(`${receiver} was told "${kinds}" of ${episode}`);
    }
  }
  // A second copy only of what was under way when the process died, with the same id.
  for (const mail of world.mails) {
    const copies = world.mails.filter(({ id }) => id === mail.id);
    if (new Set(copies.map(({ life }) => life)).size !== copies.length) fail(`${mail.id} was sent twice in one life`);
    const done = finished.find(({ id }) => id === mail.id);
    if (done !== undefined && mail.life > done.life) fail(`${mail.id} was sent again although its end was recorded`);
  }
  // An episode in the mails is an episode of the history.
  for (const { episodes } of world.mails) {
    for (const episode of episodes)
      if (!begun.includes(episode)) fail(`a mail tells of ${episode}, which is not in the history`);
  }
}

describe("killed at every write", () => {
  test.each([1, 2, 3])("seed %i", { timeout: 120_000 }, async (seed) => {
    const whole = await play(seed, []);
    check(whole, `seed ${seed}, not killed`);
    expect(whole.events.length).toBeGreaterThan(30);
    expect(whole.world.runs.length).toBeGreaterThan(3);
    for (let at = 1; at <= whole.writes; at++) {
      for (const share of [0, 0.5, 1]) {
        check(await play(seed, [{ at, share }]), `seed ${seed}, killed at write ${at}, share ${share}`);
      }
    }
    expect(whole.writes).toBeGreaterThan(60);
  });
});

describe("killed again and again", () => {
  test("200 random sequences of kills", { timeout: 120_000 }, async () => {
    let played = 0;
    for (let seed = 100; seed < 300; seed++) {
      const random = randomOf(seed);
      const kills = Array.from({ length: 1 + Math.floor(random() * 6) }, () => ({
        at: 1 + Math.floor(random() * 25),
        share: [0, random(), 1][Math.floor(random() * 3)] as number,
      }));
      check(await play(seed, kills), `seed ${seed}, kills ${JSON.stringify(kills)}`);
      played++;
    }
    expect(played).toBe(200);
  });
});

/** The store is told of a change some moments after the journal: whoever loses both between the two is told twice. */
describe("killed at any moment in which the store has been told, and the journal is deleted", () => {
  test.each([1, 2, 3])("seed %i", { timeout: 120_000 }, async (seed) => {
    let firing = 0;
    for (let afterMs = 1_000; afterMs < FRAMES * FRAME_S * 1_000; afterMs += 2_000) {
      const store = new MemoryEventStore();
      const outcome = await play(seed, [{ ...NEVER, afterMs }], store);
      check(outcome, `seed ${seed}, killed after ${afterMs} ms, no journal`);
      firing += outcome.world.restoredFiring;
    }
    expect(firing).toBeGreaterThan(50);
  });

  test("100 random sequences of kills", { timeout: 120_000 }, async () => {
    let played = 0;
    for (let seed = 300; seed < 400; seed++) {
      const random = randomOf(seed);
      const kills = Array.from({ length: 1 + Math.floor(random() * 6) }, () => ({
        ...NEVER,
        afterMs: random() * 100_000,
      }));
      check(
        await play(seed, kills, new MemoryEventStore()),
        `seed ${seed}, no journal, kills ${JSON.stringify(kills)}`,
      );
      played++;
    }
    expect(played).toBe(100);
  });
});
