/** The collector's own troubles reach people by the way of all alerts, with a disk that takes nothing. */
import { beforeEach, describe, expect, it } from "vitest";
import { SELF_CLUSTER, SelfWatch, type Troubles, withSelfTriggers } from "../../../collector/bin/self-watch.js";
import { silentLogger } from "../../../core/base/log.js";
import { receiversSchema, triggersSchema } from "../../../triggers/config.js";
import { recordLogJournal } from "../../../triggers/engine/journal-log.js";
import { TriggerEngine } from "../../../triggers/engine.js";
import { MemoryLogFiles } from "../../support/memory-log-files.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { TestReceiver } from "../../triggers/support/harness.js";
import { directoryOf, makeCollector, makeFrame } from "../support.js";

const S = 1_000;
const NO_TROUBLES: Troubles = {
  frame_log_failing: 0,
  frames_lost: 0,
  alert_journal_failing: 0,
  archive_failing: 0,
  history_damaged: 0,
};
const MAIL = { type: "email", smtp: "smtp://mail:25", from: "grate@khab", to: ["root@khab"] };
const CONFIG = { receivers: receiversSchema.parse({ ops: MAIL }), commands: {}, triggers: [] };

let clock: VirtualClock;
let journal: MemoryLogFiles;
let ops: TestReceiver;
let engine: TriggerEngine;
let troubles: () => Troubles;
let watcher: SelfWatch;
beforeEach(async () => {
  clock = new VirtualClock();
  journal = new MemoryLogFiles();
  ops = new TestReceiver();
  troubles = () => NO_TROUBLES;
  await watch();
});

async function watch(config = CONFIG): Promise<void> {
  const openJournal = recordLogJournal(journal);
  const receivers = new Map([["ops", ops]]);
  engine = new TriggerEngine({ config: withSelfTriggers(config), clock, logger: silentLogger, openJournal, receivers });
  await engine.start();
  const evaluate = engine.evaluate.bind(engine);
  watcher = new SelfWatch({ host: "head", troubles: () => troubles(), evaluate, clock });
  await watcher.start();
}

const alerts = () =>
  engine.alerts().map(({ trigger, cluster, host, state, evidence }) => [trigger, cluster, host, state, evidence]);

describe("the collector's own troubles", () => {
  it("are no alert while there are none", async () => {
    await clock.advance(60 * S);
    expect([alerts(), ops.attempts]).toEqual([[], []]);
  });

  it.each([
    ["frame_log_failing", "collector-log"],
    ["frames_lost", "collector-memory"],
    ["alert_journal_failing", "collector-journal"],
    ["history_damaged", "collector-history"],
  ] as const)(
    "%s is an alert of its own, told to every receiver, and told when it is over",
    async (metric, trigger) => {
      await clock.advance(60 * S);
      troubles = () => ({ ...NO_TROUBLES, [metric]: 3 });
      await clock.advance(20 * S);
      expect(alerts()).toEqual([[trigger, SELF_CLUSTER, "head", "firing", expect.stringContaining(`${metric} = 3`)]]);
      await clock.advance(120 * S);
      expect(ops.told).toContain(`fired ${trigger} head`);
      troubles = () => NO_TROUBLES;
      await clock.advance(240 * S);
      expect(alerts()).toEqual([]);
      expect(ops.told).toContain(`resolved ${trigger} head`);
    },
  );

  it("are seen with a frame, which wakes the collector anyway, and not with each of many", async () => {
    await clock.advance(60 * S);
    let looks = 0;
    troubles = () => ({ ...NO_TROUBLES, frame_log_failing: ++looks });
    for (let i = 0; i < 6; i++) {
      watcher.lookByTheWay();
      await clock.advance(S);
    }
    expect([alerts().length, looks]).toEqual([1, 2]);
  });

  it("are not looked for after the stop", async () => {
    await watcher.stop();
    troubles = () => ({ ...NO_TROUBLES, frame_log_failing: 1 });
    await clock.advance(60 * S);
    watcher.lookByTheWay();
    expect(alerts()).toEqual([]);
  });

  it("with the archive count after a minute", async () => {
    await clock.advance(60 * S);
    troubles = () => ({ ...NO_TROUBLES, archive_failing: 1 });
    await clock.advance(40 * S);
    expect(alerts()).toMatchObject([["collector-archive", SELF_CLUSTER, "head", "pending", expect.anything()]]);
    await clock.advance(40 * S);
    expect(alerts()).toMatchObject([["collector-archive", SELF_CLUSTER, "head", "firing", expect.anything()]]);
  });

  it("are told even if the alerts' own journal cannot be written", async () => {
    journal.freeBytes = 0;
    troubles = () => ({
      ...NO_TROUBLES,
      frame_log_failing: 1,
      alert_journal_failing: engine.health().journal.ok ? 0 : 1,
    });
    await clock.advance(120 * S);
    expect(ops.told).toContain("fired collector-log head");
    expect(ops.told).toContain("fired collector-journal head");
  });

  it("are the log's, from a full disk to room again", async () => {
    const files = new MemoryLogFiles();
    const collector = makeCollector({ clock, files });
    collector.onFrame(() => watcher.lookByTheWay());
    await collector.start();
    troubles = () => ({ ...NO_TROUBLES, frame_log_failing: collector.health().counters["logFailing"] ?? 0 });
    const feed = async () => {
      await clock.advance(6 * S);
      collector.accept(
        makeFrame(directoryOf(collector), { timeMs: clock.nowMs(), cells: [["h", "m", 1, clock.nowMs()]] }),
      );
      await clock.advance(6 * S);
    };
    await feed();
    expect(alerts()).toEqual([]);
    files.freeBytes = 0;
    await feed();
    expect(alerts()).toMatchObject([["collector-log", SELF_CLUSTER, "head", "firing", expect.anything()]]);
    files.freeBytes = 1e6;
    await feed();
    expect(alerts()).toEqual([]);
  });
});

describe("the triggers on the collector", () => {
  it("stand beside those of the configuration", () => {
    const own = triggersSchema.parse([{ name: "hot", when: "cpu_temp > 70" }]);
    const { triggers } = withSelfTriggers({ ...CONFIG, triggers: own });
    expect(triggers.map(({ name }) => name)).toEqual([
      "hot",
      "collector-log",
      "collector-memory",
      "collector-journal",
      "collector-archive",
      "collector-history",
    ]);
    expect(triggers.slice(1).every(({ notify }) => notify.includes("ops"))).toBe(true);
  });

  it("give way to those of the same name", () => {
    const own = triggersSchema.parse([{ name: "collector-log", when: "frame_log_failing > 0" }]);
    const { triggers } = withSelfTriggers({ ...CONFIG, triggers: own });
    expect(triggers.filter(({ name }) => name === "collector-log")).toEqual(own);
  });
});
