import { describe, expect, test } from "vitest";
import { silentLogger } from "../../../core/base/log.js";
import type { Since } from "../../../core/wire/extension/request.js";
import { type CollectorClient, CollectorUnreachable, MalformedAnswer } from "../../../viewer/pull/client.js";
import { Present } from "../../../viewer/pull/present.js";
import {
  ALERTS_EVERY_MS,
  backoffMs,
  CHANGES_PAUSE_MS,
  CHANGES_WAIT_MS,
  EMPTY_WAIT_MS,
  Puller,
} from "../../../viewer/pull/puller.js";
import { makeAlert } from "../../support/alerts.js";
import { EmulatedCollector, hostNames } from "../../support/emulated-collector.js";
import { madeSums } from "../../support/made-sums.js";
import { VirtualClock } from "../../support/virtual-clock.js";

interface Rig {
  readonly clock: VirtualClock;
  readonly collector: EmulatedCollector;
  readonly present: Present;
  readonly puller: Puller;
  readonly asked: { changes: (Since | undefined)[]; alerts: number; status: number };
}

function makeRig(override: (collector: EmulatedCollector) => Partial<CollectorClient> = () => ({})): Rig {
  const clock = new VirtualClock();
  const collector = new EmulatedCollector(clock, [{ name: "khab", hosts: hostNames(2) }]);
  const present = new Present(clock, "127.0.0.1:8662");
  const asked: Rig["asked"] = { changes: [], alerts: 0, status: 0 };
  const own = override(collector);
  const client: CollectorClient = {
    changes: (since, waitMs, signal) => {
      asked.changes.push(since);
      return (own.changes ?? collector.changes.bind(collector))(since, waitMs, signal);
    },
    history: () => Promise.reject(new Error("not asked here")),
    alerts: (events, before, signal) => {
      asked.alerts++;
      return (own.alerts ?? collector.alerts.bind(collector))(events, before, signal);
    },
    status: (signal) => {
      asked.status++;
      return (own.status ?? collector.status.bind(collector))(signal);
    },
  };
  return { clock, collector, present, puller: new Puller({ client, present, clock, logger: silentLogger }), asked };
}

describe("while the collector answers", () => {
  test("the first question is for everything, the next for what is new", async () => {
    const { clock, collector, present, puller, asked } = makeRig();
    await puller.start();
    await clock.advance(CHANGES_PAUSE_MS);
    expect(present.link.connected).toBe(true);
    expect(asked.changes).toEqual([undefined, { instance: "emul1", frame: 1 }]);
    collector.frame();
    await clock.advance(CHANGES_PAUSE_MS);
    expect(asked.changes.at(-1)).toEqual({ instance: "emul1", frame: 2 });
    expect(present.store.version).toBe("emul1-2");
    await puller.stop();
  });

  test("without any frame it still hears of the time, so that silence shows", async () => {
    const { clock, present, puller } = makeRig();
    await puller.start();
    const changes: number[] = [];
    present.listen({ changed: () => changes.push(present.store.nowMs) });
    await clock.advance(2 * (CHANGES_WAIT_MS + CHANGES_PAUSE_MS) + 1_000);
    expect(changes.length).toBeGreaterThanOrEqual(2);
    await puller.stop();
  });

  test("a collector that was restarted is asked with what is held and gives everything", async () => {
    const { clock, collector, present, puller } = makeRig();
    await puller.start();
    await clock.advance(CHANGES_PAUSE_MS);
    const layout = present.store.clusters.get("khab")?.layout ?? 0;
    collector.restart();
    await clock.advance(2 * CHANGES_PAUSE_MS);
    expect(present.store.version).toBe("emul1x-1");
    expect(present.store.clusters.get("khab")?.layout).toBeGreaterThan(layout);
    await puller.stop();
  });

  test("a firing alert is read at once, not at the next turn", async () => {
    const { clock, collector, present, puller, asked } = makeRig();
    await puller.start();
    await clock.advance(1_500);
    const before = asked.alerts;
    collector.alertList = [makeAlert()];
    collector.frame();
    await clock.advance(0);
    expect(asked.alerts).toBe(before + 1);
    expect(present.alerts.counts.firing).toBe(1);
    expect(ALERTS_EVERY_MS).toBeGreaterThan(1_500);
    await puller.stop();
  });

  test("it waits shortly while there is nothing to show, for sums end no wait", async () => {
    const waits: number[] = [];
    const { clock, collector, puller } = makeRig((own) => ({
      changes: async (since, waitMs, signal) => {
        waits.push(waitMs);
        return { ...(await own.changes(since, waitMs, signal)), clusters: [] };
      },
    }));
    await puller.start();
    await clock.advance(2 * (EMPTY_WAIT_MS + CHANGES_PAUSE_MS));
    collector.sums = [madeSums("grid", "far")];
    await clock.advance(2 * (EMPTY_WAIT_MS + CHANGES_PAUSE_MS));
    expect([waits[0], waits[1], waits.at(-1)]).toEqual([EMPTY_WAIT_MS, EMPTY_WAIT_MS, CHANGES_WAIT_MS]);
    await puller.stop();
  });

  test("stop leaves no timer and no question behind", async () => {
    const { clock, puller, asked } = makeRig();
    await puller.start();
    await clock.advance(5_000);
    await puller.stop();
    await puller.stop();
    const { length } = asked.changes;
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(60_000);
    expect(asked.changes.length).toBe(length);
  });
});

describe("while it does not", () => {
  test("it says so, keeps what it has, and comes back by itself", async () => {
    const { clock, collector, present, puller } = makeRig();
    await puller.start();
    await clock.advance(CHANGES_PAUSE_MS);
    const links: boolean[] = [];
    present.listen({ linkChanged: () => links.push(present.link.connected) });
    collector.broken = "connect ECONNREFUSED";
    collector.release();
    await clock.advance(60_000);
    expect(present.link).toMatchObject({ connected: false, error: "connect ECONNREFUSED" });
    expect(present.store.clusters.get("khab")?.findRow("node001")).toBe(0);
    collector.broken = "";
    await clock.advance(backoffMs(99));
    expect(present.link).toMatchObject({ connected: true, error: "" });
    expect(links).toEqual([false, true]);
    await puller.stop();
  });

  test("hosts are not judged dead by a clock that nobody feeds", async () => {
    const { clock, collector, present, puller } = makeRig();
    await puller.start();
    await clock.advance(CHANGES_PAUSE_MS);
    const judgedAtMs = present.judgedAtMs();
    collector.broken = "gone";
    collector.release();
    await clock.advance(3_600_000);
    expect(present.judgedAtMs()).toBeLessThanOrEqual(judgedAtMs + 1_000);
    expect(present.nowMs()).toBeGreaterThan(judgedAtMs + 3_000_000);
    await puller.stop();
  });

  test("it asks ever more seldom, up to a limit", () => {
    expect([1, 2, 3, 4, 5, 6, 50].map(backoffMs)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  test("after a malformed answer it counts it and asks for everything", async () => {
    let broken = false;
    const { clock, collector, present, puller, asked } = makeRig((collector) => ({
      changes: (since, waitMs, signal) =>
        broken ? Promise.reject(new MalformedAnswer("cut")) : collector.changes(since, waitMs, signal),
    }));
    await puller.start();
    await clock.advance(CHANGES_PAUSE_MS);
    broken = true;
    collector.frame();
    await clock.advance(CHANGES_PAUSE_MS);
    broken = false;
    await clock.advance(backoffMs(1));
    expect(present.counters.malformed).toBe(1);
    expect(asked.changes.at(-1)).toBeUndefined();
    expect(present.link.connected).toBe(true);
    await puller.stop();
  });

  test("alerts and status that fail are counted but decide nothing", async () => {
    const { clock, present, puller } = makeRig(() => ({
      alerts: () => Promise.reject(new CollectorUnreachable("no")),
      status: () => Promise.reject(new MalformedAnswer("no")),
    }));
    await puller.start();
    await clock.advance(1_000);
    expect(present.link.connected).toBe(true);
    expect(present.counters).toMatchObject({ failures: 1, malformed: 1 });
    await puller.stop();
  });
});
