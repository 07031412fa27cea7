import { describe, expect, test } from "vitest";
import { createLogger } from "../../core/base/log.js";
import type { AlertEvent } from "../../core/model/alert.js";
import { TransactionWriter } from "../../triggers/engine/journal.js";
import { recordLogJournal } from "../../triggers/engine/journal-log.js";
import { diskError, MemoryLogFiles } from "../support/memory-log-files.js";
import { deferred, ENDED_WELL, Harness, refused, START_MS, TestReceiver } from "./support/harness.js";
import { TestTable } from "./support/table.js";

const hot = { name: "hot", when: "x > 70", notify: ["ops"] };

describe("from frame to alert", () => {
  test("an alert says what, where, why and since when", async () => {
    const h = await Harness.started({
      triggers: [{ ...hot, for: "30s", severity: "critical", recover: "x < 65" }],
    });
    h.table.set("node1", "x", 60, START_MS, { units: "Celsius" });
    await h.frame(0, {});
    expect(h.engine.alerts()).toEqual([]);
    await h.frame(15, { node1: 85 });
    expect(h.engine.alerts()).toEqual([
      {
        trigger: "hot",
        cluster: "khab",
        host: "node1",
        severity: "critical",
        state: "pending",
        condition: "x > 70",
        evidence: "x = 85",
        activeAtMs: START_MS + 15_000,
        firedAtMs: 0,
        episode: "",
      },
    ]);
    await h.frame(30, { node1: 86 });
    await h.frame(45, { node1: 87 });
    expect(h.engine.alerts()).toMatchObject([
      {
        state: "firing",
        evidence: "x = 87",
        activeAtMs: START_MS + 15_000,
        firedAtMs: START_MS + 45_000,
        episode: "1-run1",
      },
    ]);
    expect(h.ops.attempts).toMatchObject([
      {
        id: "1-run1-fired-ops",
        kind: "fired",
        receiver: "ops",
        severity: "critical",
        condition: "x > 70",
        forMs: 30_000,
        createdMs: START_MS + 45_000,
        items: [{ host: "node1", episode: "1-run1", evidence: "x = 87", firedAtMs: START_MS + 45_000 }],
      },
    ]);
    await h.frame(60, { node1: 68 });
    expect(h.alerts).toEqual(["firing hot node1"]);
    await h.frame(75, { node1: 60 });
    expect(h.alerts).toEqual([]);
    expect(h.ops.attempts[1]).toMatchObject({
      id: "1-run1-resolved-ops",
      kind: "resolved",
      items: [
        {
          evidence: "x = 60",
          firedAtMs: START_MS + 45_000,
          endedAtMs: START_MS + 75_000,
          problem: "1-run1-fired-ops",
        },
      ],
    });
    expect(h.events).toEqual([
      "fired hot node1",
      "notice-sent hot node1",
      "resolved hot node1",
      "notice-sent hot node1",
    ]);
    expect(h.allEvents.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    expect(h.event("fired").message).toBe("hot fired on node1 (khab): x = 87");
    expect(h.event("resolved").message).toBe("hot on node1 (khab) is over after 30s: x = 60");
  });

  test("all hosts of one frame are one notice for each trigger and receiver", async () => {
    const night = new TestReceiver();
    const receivers = new Map([
      ["ops", new TestReceiver()],
      ["night", night],
    ]);
    const h = await Harness.started({
      receivers,
      triggers: [
        { ...hot, notify: ["ops", "night"] },
        { ...hot, name: "warm", when: "x > 50" },
      ],
    });
    await h.frame(0, { node1: 90, node2: 90, node3: 60 });
    expect(h.ops.told).toEqual(["fired hot node1,node2", "fired warm node1,node2,node3"]);
    expect(night.told).toEqual(["fired hot node1,node2"]);
    await h.frame(15, { node1: 60, node2: 40, node3: 40 });
    expect(h.ops.told.slice(2)).toEqual(["resolved hot node1,node2", "resolved warm node2,node3"]);
    expect(h.event("notice-sent").details).toMatchObject({ receiver: "ops", hosts: "2", recipients: "root@khab" });
  });

  test("only the clusters and hosts it is about", async () => {
    const on = { cluster: "kh*", host: ["node*", "gpu?"] };
    const h = await Harness.started({
      triggers: [
        { ...hot, on },
        { ...hot, name: "other", on: { cluster: "x" } },
      ],
    });
    await h.frame(0, { node1: 90, gpu1: 90, gpu10: 90, login: 90 });
    expect(h.alerts).toEqual(["firing hot node1", "firing hot gpu1"]);
  });

  test("two clusters do not know of each other", async () => {
    const h = await Harness.started({ triggers: [{ ...hot, for: "10s" }] });
    const other = new TestTable("other");
    await h.frame(0, { node1: 90 });
    other.set("node1", "x", 90, START_MS + 5_000);
    h.engine.evaluate(other, START_MS + 5_000);
    await h.frame(10, { node1: 90 });
    expect(h.engine.alerts().map(({ cluster, state }) => `${cluster} ${state}`)).toEqual([
      "khab firing",
      "other pending",
    ]);
  });

  test("lost data holds what is, in both directions", async () => {
    const h = await Harness.started({ triggers: [hot, { ...hot, name: "calm", when: "x < 80" }] });
    await h.frame(0, { node1: 90 });
    expect(h.alerts).toEqual(["firing hot node1"]);
    // Overdue from 240 s on (TMAX 60), the host silent from 80 s on.
    for (const atS of [100, 300, 10_000]) await h.frame(atS, {});
    expect(h.alerts).toEqual(["firing hot node1"]);
    await h.frame(10_015, { node1: 40 });
    expect(h.alerts).toEqual(["firing calm node1"]);
  });

  test("frames of the same or an older time judge, but make no progress", async () => {
    const h = await Harness.started({ triggers: [{ ...hot, for: "10s" }] });
    await h.frame(100, { node1: 90 });
    await h.frame(100, { node1: 91 });
    await h.frame(95, {});
    await h.frame(109, { node1: 90 });
    expect(h.alerts).toEqual(["pending hot node1"]);
    await h.frame(110, { node1: 90 });
    expect(h.alerts).toEqual(["firing hot node1"]);
    h.table.set("node1", "x", 10, START_MS + 110_000);
    await h.frame(105, {});
    expect(h.alerts).toEqual([]);
    h.engine.evaluate(h.table, Number.NaN);
    expect(h.engine.health().frames).toBe(6);
  });

  test("a clock that is set back neither blinds the engine nor fires early", async () => {
    const h = await Harness.started({ triggers: [{ ...hot, for: "30s" }] });
    await h.frame(10_000, { node1: 90 });
    await h.frame(10_020, { node1: 90 });
    await h.frame(5_000, { node1: 90 });
    expect(h.engine.alerts()).toMatchObject([{ state: "pending", activeAtMs: START_MS + 4_980_000 }]);
    await h.frame(5_009, { node1: 90 });
    expect(h.alerts).toEqual(["pending hot node1"]);
    await h.frame(5_010, { node1: 90 });
    expect(h.alerts).toEqual(["firing hot node1"]);
  });

  test("a cluster may grow with each frame", async () => {
    const h = await Harness.started({ triggers: [hot], table: new TestTable("khab", 512) });
    const hosts: Record<string, number> = {};
    for (let i = 0; i < 300; i += 7) {
      hosts[`node${i}`] = 90;
      await h.frame(i, hosts);
    }
    expect(h.alerts.length).toBe(43);
    expect(h.ops.told.length).toBe(43);
  });

  test("a condition that cannot be judged holds, is counted, and harms no other", async () => {
    const h = await Harness.started({
      triggers: [
        { ...hot, when: "y > 70" },
        { ...hot, name: "fine" },
      ],
    });
    await h.frame(0, { node1: 10, "node1:y": 90 });
    expect(h.alerts).toEqual(["firing hot node1"]);
    const column = h.table.column.bind(h.table);
    h.table.column = (number) => {
      if (h.table.directory.columnFacts(number).name === "y") throw new Error("broken column");
      return column(number);
    };
    await h.frame(15, { node1: 90, "node1:y": 10 });
    expect(h.engine.health()).toMatchObject({ failures: 1, firing: 2, triggers: 2, frames: 2 });
    h.table.column = column;
    await h.frame(30, { node1: 90, "node1:y": 10 });
    expect(h.alerts).toEqual(["firing fine node1"]);
  });

  test("a fault half way through a frame leaves nothing behind that was not told", async () => {
    const h = await Harness.started({ triggers: [hot] });
    await h.frame(0, { node1: 10, node2: 10 });
    const { directory } = h.table;
    const meta = directory.meta.bind(directory);
    directory.meta = () => {
      throw new Error("no units");
    };
    await h.frame(15, { node1: 90, node2: 90 });
    expect(h.engine.health()).toMatchObject({ failures: 1, firing: 0 });
    directory.meta = meta;
    await h.frame(30, { node1: 90, node2: 90 });
    expect(h.ops.told).toEqual(["fired hot node1,node2"]);
  });
});

describe("hosts that go", () => {
  test("an episode ends as expired, in one notice for all that went together", async () => {
    const h = await Harness.started({ triggers: [hot, { ...hot, name: "slow", for: "1h" }] });
    await h.frame(0, { node1: 90, node2: 90, node3: 90 });
    h.engine.hostGone("khab", "node1");
    h.engine.hostGone("khab", "node2");
    h.engine.hostGone("khab", "nobody");
    h.engine.hostGone("elsewhere", "node3");
    await h.clock.advance(0);
    expect(h.alerts).toEqual(["firing hot node3", "pending slow node3"]);
    expect(h.ops.told).toEqual(["fired hot node1,node2,node3", "expired hot node1,node2"]);
    expect(h.events.filter((event) => event.startsWith("expired"))).toEqual(["expired hot node1", "expired hot node2"]);
    expect(h.event("expired").message).toBe("hot on node2 (khab) ended after 0ms: the host was deleted");
  });

  test("whoever looks sees it at once", async () => {
    const h = await Harness.started({ triggers: [hot] });
    await h.frame(0, { node1: 90 });
    h.engine.hostGone("khab", "node1");
    expect(h.engine.alerts()).toEqual([]);
    expect(h.engine.events(1)).toMatchObject([{ kind: "expired" }]);
  });

  test("it does not fire again from what the table still holds, but when it is heard again", async () => {
    const h = await Harness.started({ triggers: [hot] });
    await h.frame(0, { node1: 90 });
    h.engine.hostGone("khab", "node1");
    await h.frame(5, {});
    expect(h.alerts).toEqual([]);
    await h.frame(20, { node1: 90 });
    expect(h.alerts).toEqual(["firing hot node1"]);
    expect(h.ops.told).toEqual(["fired hot node1", "expired hot node1", "fired hot node1"]);
  });

  test("a row that passes to another host takes no state along", async () => {
    const h = await Harness.started({
      triggers: [
        { ...hot, for: "10s" },
        { ...hot, name: "now" },
      ],
    });
    await h.frame(0, { node1: 90 });
    h.table.free("node1");
    await h.frame(10, { node2: 90 });
    expect(h.table.directory.findRow("node2")).toBe(0);
    expect(h.alerts).toEqual(["firing now node2", "pending hot node2"].sort((a, b) => b.localeCompare(a)));
    expect(h.events).toContain("expired now node1");
    expect(h.ops.told).toEqual(["fired now node1", "expired now node1", "fired now node2"]);
  });

  test("a host that moves to another row takes its state along", async () => {
    const h = await Harness.started({ triggers: [hot, { ...hot, name: "slow", for: "20s" }] });
    await h.frame(0, { node1: 90, node2: 10 });
    h.table.free("node1");
    h.table.free("node2");
    // node1 had row 0 and gets row 1.
    h.table.directory.row("node1");
    await h.frame(20, { node1: 90 });
    expect(h.table.directory.findRow("node1")).toBe(1);
    expect(h.alerts).toEqual(["firing hot node1", "firing slow node1"]);
    expect(h.ops.told).toEqual(["fired hot node1", "fired slow node1"]);
  });
});

describe("telling", () => {
  test("a recovery goes only to who was told of the problem", async () => {
    const h = await Harness.started({ triggers: [hot] });
    h.ops.answer = refused;
    await h.frame(0, { node1: 90 });
    expect(h.event("notice-failed").details).toMatchObject({ receiver: "ops", error: "root@khab 550 no" });
    h.ops.answer = new TestReceiver().answer;
    await h.frame(15, { node1: 10 });
    expect(h.ops.told).toEqual(["fired hot node1"]);
  });

  test("a receiver that cannot be told is in the log, once a minute", async () => {
    const lines: Record<string, unknown>[] = [];
    const logger = createLogger("test", "info", { write: (line) => void lines.push(JSON.parse(line)) });
    const h = await Harness.started({ triggers: [hot], logger });
    h.ops.answer = deferred;
    await h.frame(0, { node1: 90 });
    await h.clock.advance(62_000);
    const complaint = { level: "warn", receiver: "ops", waiting: 1, reason: "451 later" };
    expect(lines).toMatchObject([complaint]);
    await h.clock.advance(2_000);
    expect(lines).toMatchObject([complaint, { ...complaint, suppressed: 5 }]);
  });

  test("problem and recovery that both wait go in order", async () => {
    const h = await Harness.started({ triggers: [hot] });
    h.ops.answer = deferred;
    await h.frame(0, { node1: 90 });
    await h.frame(15, { node1: 10 });
    expect(h.engine.health().receivers).toEqual([{ receiver: "ops", queued: 2, message: "451 later" }]);
    h.ops.attempts.length = 0;
    h.ops.answer = new TestReceiver().answer;
    await h.clock.advance(60_000);
    expect(h.ops.told).toEqual(["fired hot node1", "resolved hot node1"]);
    expect(h.engine.health().receivers).toEqual([{ receiver: "ops", queued: 0, message: "" }]);
  });

  test("a recovery that waits behind a problem nobody took is not sent", async () => {
    const h = await Harness.started({ triggers: [hot] });
    h.ops.answer = deferred;
    await h.frame(0, { node1: 90, node2: 10 });
    await h.frame(1, { node2: 90 });
    await h.frame(2, { node1: 10, node2: 10 });
    h.ops.attempts.length = 0;
    h.ops.answer = (notice, recipients) =>
      notice.items[0]?.host === "node1" && notice.kind === "fired"
        ? refused(notice, recipients)
        : { delivered: recipients, refused: [], deferred: [] };
    await h.clock.advance(60_000);
    expect(h.ops.told).toEqual(["fired hot node1", "fired hot node2", "resolved hot node2"]);
  });

  test("pauses grow from 1 s to 10 min, and after a day it is given up", async () => {
    const h = await Harness.started({ triggers: [hot] });
    const times: number[] = [];
    h.ops.answer = (notice, recipients) => {
      times.push(h.nowS);
      return deferred(notice, recipients);
    };
    await h.frame(0, { node1: 90 });
    await h.clock.advance(25 * 3_600_000);
    expect(times.slice(0, 12)).toEqual([0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 1_023, 1_623]);
    expect(times.at(-1)).toBeGreaterThanOrEqual(86_400);
    expect(times.at(-1)).toBeLessThan(86_400 + 600);
    expect(h.event("notice-failed").details["error"]).toBe("root@khab 451 later");
    expect(h.engine.health().receivers[0]?.queued).toBe(0);
  });

  test("each recipient has an outcome of his own", async () => {
    const ops = new TestReceiver(["a@x", "b@x", "c@x"]);
    const h = await Harness.started({ triggers: [hot], receivers: new Map([["ops", ops]]) });
    const asked: (readonly string[])[] = [];
    ops.answer = (_notice, recipients) => {
      asked.push(recipients);
      return {
        delivered: recipients.filter((one) => one === "a@x" || asked.length > 1),
        refused: recipients.includes("b@x") ? [{ recipient: "b@x", reason: "550 unknown" }] : [],
        deferred: asked.length > 1 ? [] : [{ recipient: "c@x", reason: "451 later" }],
      };
    };
    await h.frame(0, { node1: 90 });
    expect(h.events).toEqual(["fired hot node1"]);
    await h.clock.advance(1_000);
    expect(asked).toEqual([["a@x", "b@x", "c@x"], ["c@x"]]);
    expect(h.event("notice-sent").details["recipients"]).toBe("a@x, c@x");
    expect(h.event("notice-failed").details["error"]).toBe("b@x 550 unknown");
  });

  test("a receiver that throws is tried again and harms nobody else", async () => {
    const other = new TestReceiver();
    const receivers = new Map([
      ["ops", new TestReceiver()],
      ["other", other],
    ]);
    const h = await Harness.started({ triggers: [{ ...hot, notify: ["ops", "other"] }], receivers });
    h.ops.answer = () => {
      throw new Error("not written yet");
    };
    await h.frame(0, { node1: 90 });
    expect(other.told).toEqual(["fired hot node1"]);
    expect(h.engine.health().receivers[0]).toEqual({ receiver: "ops", queued: 1, message: "BUG: not written yet" });
  });

  test("at most 1,000 wait; the oldest makes room and stands in the history", async () => {
    const h = await Harness.started({ triggers: [hot] });
    h.ops.answer = deferred;
    for (let i = 0; i < 502; i++) {
      await h.frame(2 * i, { node1: 90 });
      await h.frame(2 * i + 1, { node1: 10 });
    }
    expect(h.engine.health().receivers[0]?.queued).toBe(1_000);
    const failed = h.allEvents.filter(({ kind }) => kind === "notice-failed");
    expect(failed[0]?.details).toMatchObject({ error: "too many notices wait for this receiver" });
    // The first one is being tried; of those behind it, problems take their recoveries along.
    expect(failed.length).toBeGreaterThanOrEqual(2);
  });
});

describe("acting", () => {
  const run = ["/bin/echo", "{{host}}", "Reason={{trigger}}"];
  const acting = { ...hot, notify: [], run: ["drain"] };

  test("a command runs once, when the episode begins, with the values in its arguments", async () => {
    const env = { SLURM_CONF: "/etc/slurm.conf" };
    const h = await Harness.started({ triggers: [acting], commands: { drain: { run, env, timeout: "7s" } } });
    for (const atS of [0, 15, 30]) await h.frame(atS, { node1: 90 });
    await h.frame(45, { node1: 10 });
    expect(h.programs.started).toEqual([
      {
        argv: ["/bin/echo", "node1", "Reason=hot"],
        timeoutMs: 7_000,
        env: {
          PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          SLURM_CONF: "/etc/slurm.conf",
          GRATE_TRIGGER: "hot",
          GRATE_CLUSTER: "khab",
          GRATE_HOST: "node1",
          GRATE_SEVERITY: "warning",
          GRATE_EPISODE: "1-run1",
          GRATE_VALUE: "x = 90",
        },
      },
    ]);
    expect(h.events).toEqual([
      "fired hot node1",
      "command-started hot node1",
      "command-finished hot node1",
      "resolved hot node1",
    ]);
    expect(h.event("command-finished")).toMatchObject({
      message: "drain for node1 (khab) ended with exit code 0 after 5 ms",
      episode: "1-run1",
      details: {
        command: "drain",
        argv: '["/bin/echo","node1","Reason=hot"]',
        exitCode: "0",
        durationMs: "5",
        stdout: "done\n",
        stderr: "",
        timedOut: "false",
      },
    });
    await h.frame(60, { node1: 90 });
    expect(h.programs.started.length).toBe(2);
  });

  test.each<[string, object, string, string]>([
    ["a shell's business", {}, "a;reboot", "is no name of letters"],
    ["an option", {}, "-rf", "is no name of letters"],
    ["a path", {}, "../etc", "is no name of letters"],
    ["blanks", {}, "node 1", "is no name of letters"],
    ["a name that is not in an argument", { run: ["/bin/true"] }, "$(reboot)", "is no name of letters"],
    [
      "a host that the command is not for",
      { hosts: ["gpu*", "head"] },
      "node1",
      "it may run for hosts gpu*, head only",
    ],
  ])("refused: %s", async (_what, command, host, reason) => {
    const h = await Harness.started({ triggers: [acting], commands: { drain: { run, ...command } } });
    await h.frame(0, { [host]: 90 });
    expect(h.programs.started).toEqual([]);
    expect(h.event("command-refused").details["reason"]).toContain(reason);
    expect(h.engine.health().commands).toEqual({ running: 0, waiting: 0 });
  });

  test("a cluster with blanks in its name is refused only where the name is an argument", async () => {
    for (const [argv, started] of [
      [["/bin/true"], 1],
      [["/bin/true", "{{cluster}}"], 0],
    ] as const) {
      const table = new TestTable("my cluster");
      const h = await Harness.started({ triggers: [acting], commands: { drain: { run: argv } }, table });
      await h.frame(0, { node1: 90 });
      expect(h.programs.started.length).toBe(started);
    }
  });

  test("four at a time, 256 may wait, further ones are refused", async () => {
    const h = await Harness.started({
      triggers: [acting],
      commands: { drain: { run } },
      table: new TestTable("khab", 512),
    });
    h.programs.endAtOnce = false;
    await h.frame(0, Object.fromEntries(Array.from({ length: 270 }, (_, i) => [`node${i}`, 90])));
    expect(h.programs.started.length).toBe(4);
    expect(h.engine.health().commands).toEqual({ running: 4, waiting: 256 });
    expect(h.events.filter((event) => event.startsWith("command-refused")).length).toBe(10);
    expect(h.event("command-refused").details["reason"]).toContain("256 commands are waiting");
    for (let i = 0; i < 270; i++) {
      h.programs.end();
      await h.clock.advance(0);
    }
    expect(h.programs.started.length).toBe(260);
    expect(new Set(h.programs.started.map(({ argv }) => argv[1])).size).toBe(260);
  });

  test("an alert that ends before the command's turn needs it no more", async () => {
    const h = await Harness.started({ triggers: [acting], commands: { drain: { run } } });
    h.programs.endAtOnce = false;
    await h.frame(0, { node1: 90, node2: 90, node3: 90, node4: 90, node5: 90, node6: 90 });
    await h.frame(15, { node5: 10 });
    for (let i = 0; i < 6; i++) {
      h.programs.end();
      await h.clock.advance(0);
    }
    expect(h.programs.started.map(({ argv }) => argv[1])).toEqual(["node1", "node2", "node3", "node4", "node6"]);
    expect(h.event("command-refused")).toMatchObject({
      host: "node5",
      details: { reason: "the alert ended before its turn came" },
    });
  });

  test.each<[string, object, string]>([
    ["a signal", { exitCode: undefined, signal: "SIGSEGV" }, "was ended by SIGSEGV after 5 ms"],
    ["the time limit", { signal: "SIGTERM", timedOut: true }, "was ended because its time was up after 5 ms"],
    [
      "no such program",
      { exitCode: undefined, error: "spawn ENOENT" },
      "could not be started: spawn ENOENT; after 5 ms",
    ],
    ["a bad end", { exitCode: 3 }, "ended with exit code 3 after 5 ms"],
  ])("the history tells of %s", async (_what, result, message) => {
    const h = await Harness.started({ triggers: [acting], commands: { drain: { run } } });
    h.programs.endAtOnce = false;
    await h.frame(0, { node1: 90 });
    h.programs.end({ ...ENDED_WELL, ...result });
    await h.clock.advance(0);
    expect(h.event("command-finished").message).toBe(`drain for node1 (khab) ${message}`);
  });
});

describe("starting again", () => {
  test("what fires goes on firing, in silence; what is pending has waited as long as before", async () => {
    const triggers = [hot, { ...hot, name: "slow", for: "60s" }];
    const h = await Harness.started({ triggers });
    await h.frame(0, { node1: 90 });
    await h.frame(40, { node1: 90 });
    const again = await h.killed();
    expect(again.alerts).toEqual(["firing hot node1", "pending slow node1"]);
    // An hour of downtime.
    await again.frame(3_640, { node1: 90 });
    expect(again.engine.alerts()).toMatchObject([
      { state: "firing", episode: "1-run1", activeAtMs: START_MS },
      { state: "pending", activeAtMs: START_MS + 3_600_000 },
    ]);
    await again.frame(3_659, { node1: 90 });
    expect(again.alerts).toEqual(["firing hot node1", "pending slow node1"]);
    await again.frame(3_660, { node1: 90 });
    expect(again.alerts).toEqual(["firing hot node1", "firing slow node1"]);
    expect(again.ops.told).toEqual(["fired hot node1", "fired slow node1"]);
    await again.frame(3_675, { node1: 10 });
    expect(again.ops.told.slice(2)).toEqual(["resolved hot node1", "resolved slow node1"]);
    expect(again.allEvents.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("once more in between, and the shift holds", async () => {
    const h = await Harness.started({ triggers: [{ ...hot, for: "60s" }] });
    await h.frame(0, { node1: 90 });
    await h.frame(30, { node1: 90 });
    const second = await h.killed();
    await second.frame(1_000, { node1: 90 });
    const third = await second.killed();
    await third.frame(2_000, { node1: 90 });
    await third.frame(2_029, { node1: 90 });
    expect(third.alerts).toEqual(["pending hot node1"]);
    await third.frame(2_030, { node1: 90 });
    expect(third.alerts).toEqual(["firing hot node1"]);
  });

  test("unknown after a start holds what was", async () => {
    const h = await Harness.started({ triggers: [hot] });
    await h.frame(0, { node1: 90 });
    const again = await h.killed({ table: new TestTable() });
    again.table.heard("node1", START_MS + 60_000);
    await again.frame(60, {});
    expect(again.alerts).toEqual(["firing hot node1"]);
  });

  test("what was not sent is sent after the first frame, with the same id", async () => {
    const h = await Harness.started({ triggers: [hot] });
    h.ops.answer = deferred;
    await h.frame(0, { node1: 90 });
    const again = await h.killed();
    h.ops.attempts.length = 0;
    h.ops.answer = new TestReceiver().answer;
    await again.clock.advance(60_000);
    expect(again.ops.told).toEqual([]);
    await again.frame(61, { node1: 10 });
    expect(again.ops.attempts.map(({ id }) => id)).toEqual(["1-run1-fired-ops", "1-run1-resolved-ops"]);
  });

  test("a cluster that never comes back keeps its problems to itself for five minutes only", async () => {
    const h = await Harness.started({ triggers: [hot] });
    h.ops.answer = deferred;
    await h.frame(0, { node1: 90 });
    const again = await h.killed();
    h.ops.answer = new TestReceiver().answer;
    h.ops.attempts.length = 0;
    again.engine.evaluate(new TestTable("other"), START_MS + 1_000);
    await again.clock.advance(299_000);
    expect(again.ops.told).toEqual([]);
    await again.clock.advance(1_000);
    expect(again.ops.told).toEqual(["fired hot node1"]);
  });

  test("a notice whose receiver is gone from the configuration is given up with a word", async () => {
    const h = await Harness.started({ triggers: [hot] });
    h.ops.answer = deferred;
    await h.frame(0, { node1: 90 });
    const again = await h.killed({ receivers: new Map(), triggers: [{ ...hot, notify: [] }] });
    await again.frame(15, { node1: 90 });
    expect(again.event("notice-failed").details["error"]).toContain("no receiver of this name");
    await again.frame(30, { node1: 10 });
    expect(again.events.at(-1)).toBe("resolved hot node1");
  });

  const run = ["/bin/echo", "{{host}}"];
  const acting = { ...hot, notify: [], run: ["drain"] };

  test("a command that was started is not run again; how it ended is not known", async () => {
    const h = await Harness.started({ triggers: [acting], commands: { drain: { run } } });
    h.programs.endAtOnce = false;
    await h.frame(0, { node1: 90 });
    const again = await h.killed();
    await again.frame(15, { node1: 90 });
    expect(again.programs.started.length).toBe(1);
    expect(again.event("command-unknown").message).toBe(
      "how drain for node1 (khab) ended is not known: Grate ended before it did; it is not run again",
    );
    const third = await again.killed();
    expect(third.events.filter((event) => event.startsWith("command-unknown")).length).toBe(1);
  });

  test("a command that waited is run if the alert still stands", async () => {
    const h = await Harness.started({ triggers: [acting], commands: { drain: { run } } });
    h.programs.endAtOnce = false;
    const hosts = ["node1", "node2", "node3", "node4", "node5", "node6"];
    await h.frame(0, Object.fromEntries(hosts.map((host) => [host, 90])));
    const again = await h.killed();
    again.programs.endAtOnce = true;
    await again.clock.advance(5_000);
    expect(again.programs.started.length).toBe(4);
    await again.frame(15, { node5: 90, node6: 10 });
    expect(again.programs.started.slice(4).map(({ argv }) => argv[1])).toEqual(["node5"]);
    expect(again.event("command-refused").host).toBe("node6");
  });

  test("with part of the journal lost, a command that waited is not run", async () => {
    const h = await Harness.started({ triggers: [acting], commands: { drain: { run } } });
    h.programs.endAtOnce = false;
    await h.frame(0, Object.fromEntries(["a", "b", "c", "d", "e"].map((host) => [host, 90])));
    const files = h.files.afterKill();
    const [name] = files.list() as [string];
    files.put(name, Uint8Array.from([...files.bytesOf(name), 1, 2, 3]));
    const again = await h.killed({ files });
    await again.frame(15, { e: 90 });
    expect(again.programs.started.length).toBe(4);
    expect(again.events.filter((event) => event.startsWith("command-unknown")).length).toBe(5);
  });

  test.each<[string, object, string]>([
    ["removed", { name: "other", when: "x > 1000" }, "the trigger was removed from the configuration"],
    ["with another condition", { ...hot, when: "x > 80" }, "the condition of the trigger was changed"],
    ["for other hosts", { ...hot, on: { host: "gpu*" } }, "the trigger does not cover the host any more"],
    ["for other clusters", { ...hot, on: { cluster: "x" } }, "the trigger does not cover the host any more"],
  ])("a trigger %s closes its episode and says so", async (_what, trigger, reason) => {
    const h = await Harness.started({ triggers: [hot, { ...hot, name: "slow", for: "1h" }] });
    await h.frame(0, { node1: 75 });
    const again = await h.killed({ triggers: [trigger] });
    expect(again.alerts).toEqual([]);
    expect(again.event("resolved")).toMatchObject({ host: "node1", details: { reason } });
    expect(again.event("resolved").message).toBe(`hot on node1 (khab) ended after 0ms: ${reason}`);
    await again.frame(15, { node1: 75 });
    expect(again.ops.told).toEqual(["fired hot node1", "closed hot node1"]);
    expect(again.ops.attempts[1]?.reason).toBe(reason);
    const third = await again.killed();
    expect(third.events.filter((event) => event.startsWith("resolved")).length).toBe(1);
  });

  test.each<[string, object]>([
    ["a longer for", { ...hot, for: "1h" }],
    ["another severity", { ...hot, severity: "critical" }],
    ["nobody to tell", { ...hot, notify: [] }],
    ["the same condition in other clothes", { ...hot, when: "(x) >70.0" }],
    ["a recover condition", { ...hot, recover: "x < 5" }],
  ])("%s lets it go on firing", async (_what, trigger) => {
    const h = await Harness.started({ triggers: [hot] });
    await h.frame(0, { node1: 90 });
    const again = await h.killed({ triggers: [trigger] });
    await again.frame(15, { node1: 90 });
    expect(again.engine.alerts()).toMatchObject([{ state: "firing", episode: "1-run1" }]);
    expect(again.ops.told).toEqual(["fired hot node1"]);
  });

  test("hosts that do not come back are gone after an hour", async () => {
    const h = await Harness.started({ triggers: [hot] });
    await h.frame(0, { node1: 90, node2: 90 });
    const again = await h.killed({ table: new TestTable() });
    await again.frame(60, { node2: 90 });
    await again.frame(3_600, { node2: 90 });
    expect(again.alerts).toEqual(["firing hot node1", "firing hot node2"]);
    await again.frame(3_660, { node2: 90 });
    expect(again.alerts).toEqual(["firing hot node2"]);
    expect(again.event("expired").message).toContain("the host was not seen since Grate was started");
  });

  test("an hour of frames makes a small journal, and the next start finds all of it", async () => {
    const h = await Harness.started({
      triggers: [hot, { ...hot, name: "slow", for: "2h" }],
      table: new TestTable("khab", 512),
    });
    const names = Array.from({ length: 200 }, (_, i) => `node${i}`);
    const all = (value: number) => Object.fromEntries(names.map((name) => [name, value]));
    for (let i = 0; i < 60; i++) await h.frame(60 * i, all(i % 2 === 0 ? 90 : 10));
    await h.frame(3_600, all(90));
    const total = h.files.list().reduce((sum, name) => sum + h.files.bytesOf(name).length, 0);
    expect(total).toBeLessThan(24 * 2 ** 20);
    expect(h.files.list().length).toBeLessThanOrEqual(3);
    const again = await h.killed();
    expect(again.engine.alerts().length).toBe(400);
    expect(again.engine.events(100_000)).toEqual(h.engine.events(100_000));
    expect(again.engine.events(100_000).length).toBe(10_000);
  });
});

describe("a disk that refuses", () => {
  const run = ["/bin/echo", "{{host}}"];
  const both = { ...hot, run: ["drain"] };

  test("judging and telling go on, commands do not run, and all is written when it can be", async () => {
    const h = await Harness.started({ triggers: [both], commands: { drain: { run } } });
    await h.frame(0, { node1: 10 });
    h.files.freeBytes = 0;
    await h.frame(15, { node1: 90 });
    expect(h.alerts).toEqual(["firing hot node1"]);
    expect(h.ops.attempts).toMatchObject([{ kind: "fired", unrecorded: true }]);
    expect(h.event("notice-sent").details["unrecorded"]).toBe("true");
    expect(h.programs.started).toEqual([]);
    expect(h.event("command-refused").details["reason"]).toContain("the journal cannot be written: cannot write");
    expect(h.engine.health().journal).toMatchObject({ ok: false, failingSinceMs: START_MS + 15_000 });
    expect((await h.killed()).events).toEqual([]);

    h.files.freeBytes = Number.POSITIVE_INFINITY;
    await h.clock.advance(6_000);
    expect(h.engine.health().journal).toEqual({ ok: true, message: "", failingSinceMs: 0 });
    const again = await h.killed();
    expect(again.events).toEqual(["fired hot node1", "command-refused hot node1", "notice-sent hot node1"]);
    await again.frame(30, { node1: 90 });
    expect(again.ops.told).toEqual(["fired hot node1"]);
    expect(again.programs.started).toEqual([]);
    expect(again.alerts).toEqual(["firing hot node1"]);
  });

  test("a start that cannot be written down does not happen", async () => {
    const h = await Harness.started({ triggers: [both], commands: { drain: { run } } });
    let syncs = 0;
    h.files.before = (operation) => {
      if (operation === "sync" && syncs++ === 0) throw diskError("EIO");
    };
    await h.frame(0, { node1: 90 });
    expect(h.programs.started).toEqual([]);
    expect(h.event("command-refused").details["reason"]).toContain("cannot sync");
    await h.clock.advance(10_000);
    expect(h.engine.health().journal.ok).toBe(true);
    const again = await h.killed();
    await again.frame(15, { node1: 90 });
    expect(again.programs.started).toEqual([]);
    expect(again.events).not.toContain("command-unknown hot node1");
  });

  test("a journal that cannot be made at all does not stop the start", async () => {
    const files = new MemoryLogFiles();
    files.freeBytes = 0;
    const h = await Harness.started({ triggers: [hot], files });
    await h.frame(0, { node1: 90 });
    expect(h.ops.told).toEqual(["fired hot node1"]);
    files.freeBytes = Number.POSITIVE_INFINITY;
    await h.frame(10, { node1: 90 });
    expect((await h.killed()).alerts).toEqual(["firing hot node1"]);
  });

  test("what was refused for want of space only once is mended with the next frame", async () => {
    const h = await Harness.started({ triggers: [hot] });
    h.files.freeBytes = 20;
    await h.frame(0, { node1: 90 });
    h.files.freeBytes = Number.POSITIVE_INFINITY;
    await h.frame(10, { node1: 90 });
    expect((await h.killed()).alerts).toEqual(["firing hot node1"]);
  });

  test("the last chance is the stop", async () => {
    const h = await Harness.started({ triggers: [hot] });
    h.files.freeBytes = 0;
    await h.frame(0, { node1: 90 });
    h.files.freeBytes = Number.POSITIVE_INFINITY;
    await h.engine.stop();
    expect((await h.killed()).alerts).toEqual(["firing hot node1"]);
  });

  test("a power cut loses at most the last second", async () => {
    const h = await Harness.started({ triggers: [hot] });
    await h.frame(0, { node1: 90 });
    await h.frame(2, { node2: 90 });
    const again = await h.killed({ files: h.files.afterPowerCut() });
    expect(again.alerts).toEqual(["firing hot node1"]);
  });

  test("a journal of a newer program is refused, and left as it is", async () => {
    const files = new MemoryLogFiles();
    const { log } = recordLogJournal(files)(() => {});
    new TransactionWriter(log).write([{ k: "reset", version: 2, sequence: 7 }]);
    log.close();
    const before = files.bytesOf("triggers-00000001.log");
    await expect(Harness.started({ triggers: [hot], files })).rejects.toThrow(
      "the journal of the triggers has version 2, this program reads versions up to 1",
    );
    expect(files.bytesOf("triggers-00000001.log")).toEqual(before);
  });
});

describe("events for the archive", () => {
  test("are given once recorded, and all again after a start", async () => {
    const given: AlertEvent[] = [];
    const eventSink = { append: (events: readonly AlertEvent[]) => void given.push(...events) };
    const h = await Harness.started({ triggers: [hot], eventSink });
    await h.frame(0, { node1: 90 });
    expect(given.map(({ sequence }) => sequence)).toEqual([1, 2]);
    h.files.freeBytes = 0;
    await h.frame(15, { node1: 10 });
    expect(given.length).toBe(2);
    h.files.freeBytes = Number.POSITIVE_INFINITY;
    await h.clock.advance(10_000);
    expect(given.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    given.length = 0;
    const again = await h.killed();
    await again.clock.advance(0);
    expect(given.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
  });

  test("after the loss of a journal they are numbered behind those that the archive holds", async () => {
    const given: AlertEvent[] = [];
    const eventSink = {
      append: (events: readonly AlertEvent[]) => void given.push(...events),
      lastSequence: async () => 41,
    };
    const h = await Harness.started({ triggers: [hot], eventSink });
    await h.frame(0, { node1: 90 });
    expect(given.map(({ sequence }) => sequence)).toEqual([42, 43]);
    const again = await h.killed();
    await again.frame(15, { node1: 10 });
    expect(again.engine.events(1)[0]?.sequence).toBe(45);
  });

  test("an archive that fails is tried again", async () => {
    const given: number[] = [];
    let failures = 2;
    const eventSink = {
      append: async (events: readonly AlertEvent[]) => {
        if (failures-- > 0) throw new Error("archive is busy");
        given.push(...events.map(({ sequence }) => sequence));
      },
    };
    const h = await Harness.started({ triggers: [hot], eventSink });
    await h.frame(0, { node1: 90 });
    await h.clock.advance(4_000);
    expect(given).toEqual([]);
    await h.clock.advance(10_000);
    expect(given).toEqual([1, 2]);
  });
});

describe("stopping", () => {
  test("leaves no timer and does nothing afterwards", async () => {
    const h = await Harness.started({
      triggers: [
        { ...hot, for: "10s" },
        { ...hot, name: "now" },
      ],
    });
    h.ops.answer = deferred;
    await h.frame(0, { node1: 90 });
    h.engine.hostGone("khab", "node9");
    await h.engine.stop();
    await h.engine.stop();
    expect(h.clock.pendingTimers).toBe(0);
    const attempts = h.ops.attempts.length;
    h.engine.hostGone("khab", "node1");
    await h.frame(30, { node1: 90, node2: 90 });
    await h.clock.advance(100_000);
    expect(h.alerts).toEqual(["pending hot node1", "firing now node1"]);
    expect(h.ops.attempts.length).toBe(attempts);
    expect(h.files.openHandles).toBe(0);
    await new Harness({ triggers: [] }).engine.stop();
  });

  test("a mail on its way may arrive, then it is cut off and sent again after the start", async () => {
    const h = await Harness.started({ triggers: [hot] });
    h.ops.answer = (notice, recipients, signal) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve(deferred(notice, recipients))));
    await h.frame(0, { node1: 90 });
    const stopping = h.engine.stop();
    await h.clock.advance(2_900);
    let stopped = false;
    void stopping.then(() => {
      stopped = true;
    });
    await h.clock.advance(50);
    expect(stopped).toBe(false);
    await h.clock.advance(50);
    await stopping;
    const again = await h.killed();
    h.ops.answer = new TestReceiver().answer;
    await again.frame(15, { node1: 90 });
    expect(h.ops.attempts.map(({ id }) => id)).toEqual(["1-run1-fired-ops", "1-run1-fired-ops"]);
  });

  test("a running command is ended after half the time, and the history says so", async () => {
    const commands = { drain: { run: ["/bin/sleep", "100"] } };
    const h = await Harness.started({ triggers: [{ ...hot, notify: [], run: ["drain"] }], commands });
    h.programs.endAtOnce = false;
    await h.frame(0, { node1: 90 });
    const stopping = h.engine.stop();
    await h.clock.advance(1_500);
    await stopping;
    expect(h.programs.terminated).toEqual([1_500]);
    const again = await h.killed();
    expect(again.event("command-finished")).toMatchObject({
      message: "drain for node1 (khab) was ended because Grate stops after 5 ms",
      details: { signal: "SIGTERM", stopped: "true" },
    });
    expect(again.events).not.toContain("command-unknown hot node1");
  });
});
