/** What a reload does to sources and triggers that are in force. */
import { describe, expect, test } from "vitest";
import { changedKeys } from "../../collector/bin/reread.js";
import { SourceSet } from "../../collector/bin/source-set.js";
import { type Engine, TriggerHost } from "../../collector/bin/trigger-host.js";
import { silentLogger } from "../../core/base/log.js";
import type { ClusterView } from "../../core/model/columns.js";
import { type SourceConfig, sourcesSchema } from "../../sensors/config.js";
import type { Source } from "../../sensors/source.js";
import type { TriggersConfig } from "../../triggers/config.js";
import { VirtualClock } from "../support/virtual-clock.js";

describe("sources", () => {
  function configs(...texts: readonly string[]): SourceConfig[] {
    return sourcesSchema.parse(
      texts.map((text) => {
        const [name, port] = text.split(":");
        return { name, type: "ganglia-xml", address: `127.0.0.1:${port}` };
      }),
    );
  }

  /** @param refused ports on which no source can start */
  function setUp(refused: readonly number[], ...texts: readonly string[]) {
    const log: string[] = [];
    const create = (config: SourceConfig): Source => {
      const port = config.type === "ganglia-xml" ? (config.address[0]?.port ?? 0) : 0;
      const id = `${config.name}:${port}`;
      return {
        async start() {
          if (refused.includes(port)) throw new Error(`port ${port} is taken`);
          log.push(`+${id}`);
        },
        async stop() {
          log.push(`-${id}`);
        },
        health: () => ({
          name: config.name,
          type: config.type,
          state: "ok",
          message: "",
          lastFrameMs: 0,
          frames: 0,
          failures: 0,
          malformed: 0,
          skewMs: 0,
          address: "",
        }),
      };
    };
    const clock = new VirtualClock();
    return { set: new SourceSet({ configs: configs(...texts), create, clock, logger: silentLogger }), log, clock };
  }

  const shown = (set: SourceSet) =>
    set.health().map(({ name, state, message }) => `${name} ${state} ${message}`.trim());

  test("start and stop together", async () => {
    const { set, log } = setUp([], "a:1", "b:2");
    await set.start();
    await set.stop();
    expect(log).toEqual(["+a:1", "+b:2", "-a:1", "-b:2"]);
  });

  test("one that cannot start stops all, and says why", async () => {
    const { set, log } = setUp([2], "a:1", "b:2", "c:3");
    await expect(set.start()).rejects.toThrow("port 2 is taken");
    expect(log).toEqual(["+a:1", "-a:1", "-b:2"]);
  });

  test("only what changed is touched", async () => {
    const { set, log } = setUp([], "a:1", "b:2", "c:3");
    await set.start();
    log.length = 0;
    expect(await set.replace(configs("d:4", "c:3", "b:5"))).toEqual([
      "source a removed",
      "source d added",
      "source b started anew",
    ]);
    expect(log).toEqual(["-a:1", "-b:2", "+d:4", "+b:5"]);
    expect(shown(set)).toEqual(["d ok", "c ok", "b ok"]);
  });

  test("the same configuration changes nothing", async () => {
    const { set, log } = setUp([], "a:1");
    await set.start();
    log.length = 0;
    expect([await set.replace(configs("a:1")), log]).toEqual([[], []]);
  });

  test("a new one that cannot start is told, and tried again at the next reload", async () => {
    const refused = [9];
    const { set } = setUp(refused, "a:1");
    await set.start();
    await set.replace(configs("a:1", "b:9"));
    expect(shown(set)).toEqual(["a ok", "b failing port 9 is taken"]);
    refused.length = 0;
    expect(await set.replace(configs("a:1", "b:9"))).toEqual(["source b started anew"]);
    expect(shown(set)).toEqual(["a ok", "b ok"]);
  });

  test("a new one that cannot start is tried again every minute, and then no more", async () => {
    const refused = [9];
    const { set, log, clock } = setUp(refused, "a:1");
    await set.start();
    await set.replace(configs("a:1", "b:9"));
    log.length = 0;
    await clock.advance(180_000);
    expect([shown(set), log]).toEqual([
      ["a ok", "b failing port 9 is taken"],
      ["-b:9", "-b:9", "-b:9"],
    ]);
    refused.length = 0;
    await clock.advance(60_000);
    expect([shown(set), log.at(-1)]).toEqual([["a ok", "b ok"], "+b:9"]);
    expect(clock.pendingTimers).toBe(0);
    await set.stop();
    expect(log.slice(-2)).toEqual(["-a:1", "-b:9"]);
  });

  test("one that waits for its next try is not tried after a stop, nor after it was taken out", async () => {
    const { set, log, clock } = setUp([9], "a:1");
    await set.start();
    await set.replace(configs("a:1", "b:9"));
    await set.replace(configs("a:1"));
    expect(clock.pendingTimers).toBe(0);
    await set.replace(configs("a:1", "b:9"));
    await set.stop();
    log.length = 0;
    await clock.advance(600_000);
    expect([log, clock.pendingTimers]).toEqual([[], 0]);
  });

  test("a stop in the middle of a reload leaves nothing running", async () => {
    const { set, log } = setUp([], "a:1");
    await set.start();
    const replaced = set.replace(configs("b:2", "c:3"));
    const stopped = set.stop();
    await Promise.all([replaced, stopped]);
    const running = log.reduce((names, line) => {
      if (line.startsWith("+")) names.add(line.slice(1));
      else names.delete(line.slice(1));
      return names;
    }, new Set<string>());
    expect([...running]).toEqual([]);
  });
});

describe("triggers", () => {
  const config = (name: string) => ({ receivers: {}, commands: {}, triggers: [{ name }] }) as unknown as TriggersConfig;
  const view = { frameTimeMs: 42 } as ClusterView;

  function setUp(bad: readonly string[] = []) {
    const log: string[] = [];
    const create = ({ triggers }: TriggersConfig): Engine => {
      const name = triggers[0]?.name ?? "";
      return {
        async start() {
          if (bad.includes(name)) throw new Error("the journal cannot be read");
          log.push(`+${name}`);
        },
        async stop() {
          log.push(`-${name}`);
        },
        evaluate: (_, frameTimeMs) => void log.push(`${name} judges ${frameTimeMs}`),
        hostGone: (_, host) => void log.push(`${name} forgets ${host}`),
        alerts: () => [],
        events: () => [],
        health: () => ({}) as ReturnType<Engine["health"]>,
        journalOk: true,
      };
    };
    return { host: new TriggerHost({ config: config("old"), create, views: () => [view], logger: silentLogger }), log };
  }

  test("the new engine starts after the old one has stopped, and judges what is there", async () => {
    const { host, log } = setUp();
    await host.start();
    host.evaluate(view, 1);
    await host.replace(config("new"));
    host.evaluate(view, 2);
    host.hostGone("c", "h");
    expect(log).toEqual(["+old", "old judges 1", "-old", "+new", "new judges 42", "new judges 2", "new forgets h"]);
    expect(host.fault).toBe("");
  });

  test("one that cannot start is a fault until the next works", async () => {
    const { host } = setUp(["new"]);
    await host.start();
    await host.replace(config("new"));
    expect(host.fault).toBe("triggers are not judged: the journal cannot be read");
    await host.replace(config("newer"));
    expect(host.fault).toBe("");
  });

  test("a stop in the middle starts no new one", async () => {
    const { host, log } = setUp();
    await host.start();
    const replaced = host.replace(config("new"));
    await host.stop();
    await replaced;
    expect(log).not.toContain("+new");
  });
});

test.each([
  [{ a: 1, b: [2] }, { a: 1, b: [2] }, []],
  [{ a: 1, b: [2] }, { a: 1, b: [3] }, ["b"]],
  [{ a: 1, b: [2] }, { a: 2, b: [] }, ["a", "b"]],
])("from %j to %j changes %j", (before, after, expected) => {
  expect(changedKeys(before, after, ["a", "b"])).toEqual(expected);
});
