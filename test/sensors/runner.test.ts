/** The sensor with probes made for the test, on a clock that the test turns. */
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../core/base/log.js";
import type { SensorConfig } from "../../sensors/config.js";
import type { MetricSpec, Probe, Reading } from "../../sensors/probes/probe.js";
import { SensorSource } from "../../sensors/runner.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { RecordingSink } from "./support/recording-sink.js";

const START_MS = 1_700_000_000_000;

function spec(name: string, changes: Partial<MetricSpec> = {}): MetricSpec {
  return {
    name,
    type: "float",
    units: "apples",
    slope: "both",
    tmaxS: 60,
    decimals: 2,
    group: "fruit",
    title: `Title of ${name}`,
    description: `What ${name} is`,
    ...changes,
  };
}

const APPLES = spec("apples");
const SORT = spec("sort", { type: "string", decimals: 0 });

function probe(name: string, measure: Probe["measure"]): Probe {
  return { name, measure };
}

const good = probe("good", async () => [
  { spec: APPLES, value: 1 / 3 },
  { spec: SORT, value: "Boskoop" },
]);

function setUp(probes: readonly Probe[], changes: Partial<SensorConfig> = {}) {
  const clock = new VirtualClock(START_MS);
  const sink = new RecordingSink();
  const config: SensorConfig = {
    name: "self",
    type: "sensor",
    cluster: "servers",
    every: 15_000,
    procfs: "/proc",
    sysfs: "/sys",
    ...changes,
  };
  const deps = { sink, clock, logger: silentLogger };
  const sensor = new SensorSource(config, deps, probes, { hostName: "master", ip: "10.0.0.254" });
  return { clock, sink, sensor };
}

describe("sensor", () => {
  it("makes one frame of a round", async () => {
    const { clock, sink, sensor } = setUp([good]);
    await sensor.start();
    await clock.advance(0);
    expect(sink.frames).toEqual([
      {
        cluster: "servers",
        source: "self",
        timeMs: START_MS,
        heard: { master: START_MS },
        cells: [
          { host: "master", metric: "apples", value: 0.33, timeMs: START_MS, decimals: 2 },
          { host: "master", metric: "sort", value: "Boskoop", timeMs: START_MS, decimals: 0 },
          { host: "master", metric: "grate_probe_ok_good", value: 1, timeMs: START_MS, decimals: 0 },
          { host: "master", metric: "grate_probe_seconds_good", value: 0, timeMs: START_MS, decimals: 4 },
        ],
      },
    ]);
    await sensor.stop();
  });

  it("describes its host and metrics", async () => {
    const { clock, sink, sensor } = setUp([good]);
    await sensor.start();
    await clock.advance(0);
    const directory = sink.directory("servers");
    expect(directory.host(0)).toEqual({
      name: "master",
      ip: "10.0.0.254",
      tags: "",
      location: "unspecified",
      tmaxS: 20,
      dmaxS: 0,
      startedS: START_MS / 1_000,
    });
    expect(directory.meta(0, directory.findColumn("apples", "number"))).toEqual({
      name: "apples",
      type: "float",
      units: "apples",
      slope: "both",
      tmaxS: 60,
      dmaxS: 0,
      extra: [
        ["GROUP", "fruit"],
        ["DESC", "What apples is"],
        ["TITLE", "Title of apples"],
      ],
    });
    await sensor.stop();
  });

  it("takes the name of the configuration, and expects nothing more often than it measures", async () => {
    const { clock, sink, sensor } = setUp([good], { host: "head", every: 3_600_000 });
    await sensor.start();
    await clock.advance(0);
    const directory = sink.directory("servers");
    expect(directory.host(0)).toMatchObject({ name: "head", tmaxS: 3_600 });
    expect(directory.meta(0, directory.findColumn("apples", "number"))?.tmaxS).toBe(3_600);
    await sensor.stop();
  });

  it("goes on with the other probes when one fails", async () => {
    let rounds = 0;
    const flaky = probe("flaky", async () => {
      rounds++;
      if (rounds === 2) throw new Error("no apples");
      return [{ spec: spec("pears"), value: rounds }];
    });
    const { clock, sink, sensor } = setUp([flaky, good]);
    await sensor.start();
    await clock.advance(0);
    expect(sensor.health()).toMatchObject({ state: "ok", message: "", failures: 0, frames: 1, lastFrameMs: START_MS });
    while (sink.frames.length < 2) await clock.advance(1_000);
    expect(sensor.health()).toMatchObject({ state: "ok", message: "flaky: no apples", failures: 1, frames: 2 });
    const values = Object.fromEntries(sink.frames[1]?.cells.map((cell) => [cell.metric, cell.value]) ?? []);
    expect(values).toMatchObject({ apples: 0.33, grate_probe_ok_flaky: 0, grate_probe_ok_good: 1 });
    expect(values).not.toHaveProperty("pears");
    while (sink.frames.length < 3) await clock.advance(1_000);
    expect(sensor.health()).toMatchObject({ state: "ok", message: "", failures: 1 });
    expect(sink.values("master")).toMatchObject({ pears: 3, grate_probe_ok_flaky: 1 });
    await sensor.stop();
  });

  it("is failing when no probe works", async () => {
    const { clock, sink, sensor } = setUp([probe("a", () => Promise.reject(new Error("why")))]);
    await sensor.start();
    await clock.advance(0);
    expect(sensor.health()).toMatchObject({ state: "failing", message: "a: why", failures: 1 });
    expect(sink.values("master")).toEqual({ grate_probe_ok_a: 0, grate_probe_seconds_a: 0 });
    await sensor.stop();
  });

  it("survives a probe that throws before it promises anything", async () => {
    const { clock, sensor } = setUp([
      probe("a", () => {
        throw new Error("at once");
      }),
      good,
    ]);
    await sensor.start();
    await clock.advance(0);
    expect(sensor.health()).toMatchObject({ state: "ok", message: "a: at once" });
    await clock.advance(30_000);
    expect(sensor.health().message).toBe("a: at once");
    await sensor.stop();
  });

  it("gives up on a probe that hangs, and leaves it alone until it is back", async () => {
    let calls = 0;
    let comeBack: (readings: readonly Reading[]) => void = () => {};
    const slow = probe("slow", () => {
      calls++;
      return new Promise((resolve) => {
        comeBack = resolve;
      });
    });
    const { clock, sink, sensor } = setUp([slow, good]);
    await sensor.start();
    await clock.advance(4_999);
    expect(sink.frames).toEqual([]);
    await clock.advance(1);
    expect(sensor.health().message).toBe("slow: The probe has not come back within 5s");
    expect(sink.values("master")).toMatchObject({ apples: 0.33, grate_probe_ok_slow: 0, grate_probe_seconds_slow: 5 });
    while (sink.frames.length < 3) await clock.advance(1_000);
    expect(sensor.health().message).toMatch(/^slow: The probe has not come back for \d+s$/);
    expect(calls).toBe(1);

    comeBack([{ spec: APPLES, value: 99 }]);
    while (calls < 2) await clock.advance(1_000);
    comeBack([{ spec: APPLES, value: 7 }]);
    await clock.advance(0);
    // What came late is not told; what came in time is.
    expect(sink.frames.flatMap((frame) => frame.cells).map((cell) => cell.value)).not.toContain(99);
    expect(sensor.health()).toMatchObject({ state: "ok", message: "" });
    await sensor.stop();
  });

  it("stops at once although a probe hangs, and tells nothing afterwards", async () => {
    const { clock, sink, sensor } = setUp([probe("slow", () => new Promise(() => {})), good]);
    await sensor.start();
    await clock.advance(1_000);
    await sensor.stop();
    await clock.advance(60_000);
    expect(sink.frames).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
    expect(sensor.health().state).toBe("stopped");
  });

  it("describes everything again when the cluster has forgotten its host", async () => {
    const { clock, sink, sensor } = setUp([good]);
    await sensor.start();
    await clock.advance(0);
    const directory = sink.directory("servers");
    directory.freeRow(0);
    directory.row("another");
    while (sink.frames.length < 2) await clock.advance(1_000);
    const row = directory.findRow("master");
    expect(row).toBe(1);
    expect(directory.host(row)?.ip).toBe("10.0.0.254");
    expect(sink.frames[1]?.cells[0]).toMatchObject({ host: "master", metric: "apples", value: 0.33 });
    await sensor.stop();
  });

  it("fails where there is no room for its cluster, and goes on when there is", async () => {
    const { clock, sink, sensor } = setUp([good]);
    const directory = sink.directory.bind(sink);
    let room = false;
    sink.directory = ((name: string) => (room ? directory(name) : undefined)) as typeof sink.directory;
    await sensor.start();
    await clock.advance(0);
    expect(sensor.health()).toMatchObject({
      state: "failing",
      message: "There is no room for a cluster named servers",
      frames: 0,
    });
    room = true;
    while (sink.frames.length < 1) await clock.advance(1_000);
    expect(sensor.health()).toMatchObject({ state: "ok", frames: 1 });
    await sensor.stop();
  });
});
