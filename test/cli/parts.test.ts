/** Small parts of the composition roots. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type Configuration,
  configurationJsonSchema,
  loadCollectorConfiguration,
  loadConfiguration,
} from "../../collector/bin/configuration.js";
import { eventHistory } from "../../collector/bin/event-history.js";
import { ReloadReport } from "../../collector/bin/reload-report.js";
import { type SelfParts, selfPort } from "../../collector/bin/self.js";
import { readVersion } from "../../collector/bin/version.js";
import { systemClock } from "../../core/base/clock.js";
import type { AlertEvent } from "../../core/model/alert.js";
import { type DaemonAddress, parseDaemonAddress } from "../../storage/rrd/archive/daemon/daemon-address.js";
import { DaemonFiles } from "../../storage/rrd/archive/daemon/daemon-files.js";
import { RrdArchive } from "../../storage/rrd/archive/rrd-archive.js";

function load(text: string, loader = loadConfiguration): Configuration {
  const list = () => {
    throw Object.assign(new Error("none"), { code: "ENOENT" });
  };
  return loader("g.yaml", { files: { read: () => new TextEncoder().encode(text), list } }).config;
}

describe("where the viewer finds its collector", () => {
  test.each([
    ["", "127.0.0.1:8662", "127.0.0.1:8663"],
    ['serve: { query: "10.0.0.1:9000", control: "10.0.0.1:9001" }', "10.0.0.1:9000", "10.0.0.1:9001"],
    ['serve: { query: "0.0.0.0:9000" }', "127.0.0.1:9000", "127.0.0.1:8663"],
    ['serve: { query: "[::]:9000" }', "::1:9000", "127.0.0.1:8663"],
    ['serve: { query: "10.0.0.1:9000" }\nviewer: { collector: "10.0.0.2:1" }', "10.0.0.2:1", "127.0.0.1:8663"],
    ['viewer: { control: "10.0.0.2:1" }', "127.0.0.1:8662", "10.0.0.2:1"],
  ])("%j", (text, collector, control) => {
    const { viewer } = load(text === "" ? "window: 1h" : text);
    expect(`${viewer.collector.host}:${viewer.collector.port}`).toBe(collector);
    expect(`${viewer.control.host}:${viewer.control.port}`).toBe(control);
  });
});

describe("the configuration as a whole", () => {
  test("relations between its parts are checked, with their place", () => {
    const text = "triggers:\n  - { name: a, when: x > 1, run: [drain] }\n  - { name: a, when: x > 1 }\n";
    expect(() => load(text)).toThrow(/g\.yaml:2:\d+: there is no command called drain.*\n.*g\.yaml:3:13: .*another/s);
  });

  test.each(["", "window: 1h", "sources: []"])("%j is good for a viewer, but not for a collector", (text) => {
    expect(load(text).sources).toEqual([]);
    expect(() => load(text, loadCollectorConfiguration)).toThrow('g.yaml:1:1: "sources" is empty or missing');
  });

  test("its JSON schema takes durations and addresses as text", () => {
    const { properties } = configurationJsonSchema();
    expect(properties?.["window"]?.type).toBe("string");
    expect(properties?.["viewer"]?.properties?.["listen"]?.type).toBe("string");
  });
});

test("the version is found from the sources as well", () => {
  expect(readVersion()).toMatch(/^\d+\.\d+\.\d+/);
});

describe("alert events from two places", () => {
  const events = (...sequences: readonly number[]) => sequences.map((sequence) => ({ sequence }) as AlertEvent);

  /** Memory holds 8, 7, 6; the store all that there were. */
  async function ask(limit: number, before?: number) {
    const asked: (number | undefined)[] = [];
    const pick = (from: readonly number[], most: number, below = Number.POSITIVE_INFINITY) =>
      events(...from.filter((sequence) => sequence < below).slice(0, most));
    const history = eventHistory((most, below) => pick([8, 7, 6], most, below), {
      async read({ limit: most, beforeSequence }) {
        asked.push(beforeSequence);
        return pick([8, 7, 6, 5, 4, 3, 2, 1], most, beforeSequence);
      },
    });
    const found = await history(limit, before);
    return { found: found.map(({ sequence }) => sequence), asked };
  }

  test.each<[number, number | undefined, number[], (number | undefined)[]]>([
    [2, undefined, [8, 7], []],
    [3, undefined, [8, 7, 6], []],
    [5, undefined, [8, 7, 6, 5, 4], [6]],
    [2, 7, [6, 5], [6]],
    [2, 4, [3, 2], [4]],
    [99, 3, [2, 1], [3]],
  ])("%i before %j are %j", async (limit, before, expected, askedStore) => {
    expect(await ask(limit, before)).toEqual({ found: expected, asked: askedStore });
  });

  test("the first event ever has nothing before it", async () => {
    const history = eventHistory(() => events(2, 1), {
      read: () => Promise.reject(new Error("the store was asked")),
    });
    expect(await history(10)).toHaveLength(2);
  });

  test("none in memory asks the store for the newest", async () => {
    const history = eventHistory(() => [], { read: async (query) => events(query.beforeSequence ?? 42) });
    expect(await history(1)).toEqual(events(42));
  });
});

describe("what the collector says of itself", () => {
  type Triggers = ReturnType<SelfParts["triggers"]>;
  const healthy: Triggers = {
    journal: { ok: true, message: "", failingSinceMs: 0 },
    triggers: 2,
    pending: 0,
    firing: 0,
    frames: 7,
    lastFrameMs: 1.5,
    failures: 0,
    receivers: [{ receiver: "ops", queued: 3, message: "" }],
    commands: { running: 1, waiting: 0 },
  };
  const frames = { ready: true, messages: [], counters: { frames: 7 } };

  function self(change: Partial<Triggers> = {}, more: Partial<SelfParts> = {}) {
    return selfPort({
      version: "1.2.3",
      sources: () => [],
      collector: () => frames,
      triggers: () => ({ ...healthy, ...change }),
      storage: () => [],
      triggersFault: () => "",
      reload: new ReloadReport(),
      ...more,
    });
  }

  const broken = { ok: false, message: "no space left on the device", failingSinceMs: 1 };
  test.each<[string, ReturnType<typeof self>, boolean, string[]]>([
    ["all is well", self(), true, []],
    [
      "a journal that cannot be written",
      self({ journal: broken }),
      false,
      ["alerts: no space left on the device; changes are only in memory"],
    ],
    ["triggers that are not judged", self({}, { triggersFault: () => "not judged: x" }), false, ["not judged: x"]],
    [
      "mail that waits is no reason to be called not ready",
      self({ receivers: [{ receiver: "ops", queued: 3, message: "refused" }] }),
      true,
      ["receiver ops: refused; 3 notices wait"],
    ],
    [
      "history that waits for a store on another machine is no reason either",
      self({}, { storage: () => [{ store: "remote", message: "HTTP 503; 9 samples wait", counters: {} }] }),
      true,
      ["storage remote: HTTP 503; 9 samples wait"],
    ],
    [
      "frames that cannot be kept",
      self({}, { collector: () => ({ ...frames, ready: false, messages: ["log: full"] }) }),
      false,
      ["log: full"],
    ],
  ])("%s", (_, port, ready, messages) => {
    expect(port.health()).toEqual({ ready, messages, counters: { frames: 7 } });
  });

  describe("a configuration that is not in force is told in words and numbers, and is no reason to be called not ready", () => {
    const numbers = (report: ReloadReport) =>
      Object.fromEntries(report.families().map(({ name, samples }) => [name, samples[0]?.value]));
    const told = (report: ReloadReport) => {
      const { ready, messages } = self({}, { reload: report }).health();
      return [ready, ...messages];
    };

    test("a refused file, until the next good one", () => {
      const report = new ReloadReport();
      report.refused('g.yaml:5:1: unknown key "windos" (and 2 more)', 1_700_000_000_500);
      expect(told(report)).toEqual([
        true,
        "configuration: refused at 2023-11-14 22:13 UTC, the one before stays in force: " +
          'g.yaml:5:1: unknown key "windos" (and 2 more)',
      ]);
      expect(numbers(report)).toEqual({
        config_reload_failed: 1,
        config_reload_failed_time_seconds: 1_700_000_000.5,
        config_restart_needed: 0,
      });
      report.taken([]);
      expect([told(report), numbers(report)["config_reload_failed"]]).toEqual([[true], 0]);
    });

    test("a change that needs a restart, until it is taken back, over a refused file too", () => {
      const report = new ReloadReport();
      report.taken(["storage", "serve"]);
      expect(told(report)).toEqual([true, "configuration: the change of storage, serve needs a restart"]);
      report.refused("g.yaml: permission denied", 0);
      expect(told(report)).toHaveLength(3);
      expect(numbers(report)["config_restart_needed"]).toBe(2);
      report.taken([]);
      expect(told(report)).toEqual([true]);
    });

    test("they are on /metrics", () => {
      expect([...self().families()].map(({ name }) => name)).toContain("config_reload_failed");
    });
  });

  test("numbers of the triggers, in base units", () => {
    const families = [...self().families()];
    const value = (name: string) => families.find((family) => family.name === name)?.samples[0];
    expect(value("trigger_frame_seconds")).toEqual({ value: 0.0015 });
    expect(value("notices_queued")).toEqual({ labels: { receiver: "ops" }, value: 3 });
    expect(value("trigger_frames_total")).toEqual({ value: 7 });
  });

  test("numbers of the stores, by store", () => {
    const storage = () => [
      { store: "sqlite", message: "", counters: {} },
      { store: "remote", message: "away", counters: { queuedSamples: 9, queueAgeMs: 1_500, refusedSamplesTotal: 2 } },
    ];
    const families = [...self({}, { storage }).families()];
    const samples = (name: string) => families.find((family) => family.name === name)?.samples;
    expect(samples("storage_up")).toEqual([
      { labels: { store: "sqlite" }, value: 1 },
      { labels: { store: "remote" }, value: 0 },
    ]);
    expect(samples("storage_queued_samples")).toEqual([{ labels: { store: "remote" }, value: 9 }]);
    expect(samples("storage_queue_age_seconds")).toEqual([{ labels: { store: "remote" }, value: 1.5 }]);
    expect(samples("storage_refused_samples_total")).toEqual([{ labels: { store: "remote" }, value: 2 }]);
  });

  test("all that RRD files count is shown", () => {
    const directory = mkdtempSync(join(tmpdir(), "grate-parts-"));
    const log = { info: () => {}, warn: () => {} };
    const archive = new RrdArchive({
      directory,
      mode: "write",
      stepS: 15,
      archivesOf: () => [],
      lowerCaseHosts: false,
      clock: systemClock,
      log,
      random: () => 0,
      daemon: new DaemonFiles(parseDaemonAddress("127.0.0.1:42217") as DaemonAddress, systemClock, log),
    });
    const { counters } = archive.health();
    const numbered = Object.fromEntries(Object.keys(counters).map((key, i) => [key, 100 + i]));
    const storage = () => [{ store: "rrd", message: "", counters: numbered }];
    const shown = [...self({}, { storage }).families()].flatMap(({ samples }) => samples.map(({ value }) => value));
    expect(Object.keys(counters).length).toBeGreaterThan(6);
    expect(shown).toEqual(expect.arrayContaining(Object.values(numbered)));
    rmSync(directory, { recursive: true });
  });
});
