/** `grate sensor`: one reading printed, and a document that Ganglia's readers take. */
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { ClusterTable } from "../../collector/table/cluster-table.js";
import { systemClock } from "../../core/base/clock.js";
import { silentLogger } from "../../core/base/log.js";
import { ClusterDirectory } from "../../core/model/directory.js";
import { Frame } from "../../core/model/frame.js";
import { newHostFacts } from "../../core/model/host.js";
import { createGmondServer, writeDocument } from "../../sensors/bin/gmond-server.js";
import { formatOnce, readOnce } from "../../sensors/bin/once.js";
import type { MetricSpec, Probe, Reading } from "../../sensors/probes/probe.js";
import { VirtualClock } from "../support/virtual-clock.js";

const MACHINE = { hostName: "node1", ip: "10.0.0.1" };
const PLAIN = { json: false, width: 80, color: false };

const spec = (name: string, change: Partial<MetricSpec> = {}): MetricSpec => ({
  name,
  type: "float",
  units: "%",
  slope: "both",
  tmaxS: 60,
  decimals: 1,
  group: "cpu",
  title: "",
  description: "",
  ...change,
});

/** Answers the next list at each call; an error is thrown. */
function probe(name: string, ...answers: readonly (readonly Reading[] | Error)[]): Probe {
  let call = 0;
  return {
    name,
    async measure() {
      const answer = answers[Math.min(call++, answers.length - 1)] ?? [];
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}

describe("one reading", () => {
  async function read(...probes: readonly Probe[]) {
    const clock = new VirtualClock();
    const result = readOnce(probes, clock);
    result.catch(() => {});
    await clock.advance(1_000);
    return result;
  }

  test("is the second look, which knows rates", async () => {
    const result = await read(probe("cpu", [], [{ spec: spec("cpu_idle"), value: 99.5 }]));
    expect(result.readings.map(({ value }) => value)).toEqual([99.5]);
    expect(result.timeMs).toBe(1_700_000_001_000);
  });

  test("one probe that fails costs its own values only", async () => {
    const result = await read(
      probe("cpu", [{ spec: spec("cpu_idle"), value: 1 }]),
      probe("disk", new Error("/proc/mounts: no such file")),
    );
    expect(result.readings).toHaveLength(1);
    expect(result.faults).toEqual(["disk: /proc/mounts: no such file"]);
  });

  test("nothing at all is an error", async () => {
    await expect(read(probe("cpu", new Error("x")), probe("disk", new Error("y")))).rejects.toThrow(
      "nothing could be measured: cpu: x; disk: y",
    );
  });

  const result = {
    readings: [
      { spec: spec("cpu_idle"), value: 99.04 },
      { spec: spec("os_name", { type: "string", units: "", group: "system", decimals: 0 }), value: "Linux\u001b[2J" },
    ],
    faults: [],
    timeMs: 1_700_000_000_000,
  };

  test("as a table", () => {
    expect(formatOnce(result, MACHINE, PLAIN)).toEqual([
      "node1 (10.0.0.1)",
      "GROUP   METRIC           VALUE  UNITS",
      "cpu     cpu_idle          99.0  %",
      "system  os_name   Linux\\x1b[2J",
    ]);
  });

  test("as JSON", () => {
    expect(JSON.parse(formatOnce(result, MACHINE, { ...PLAIN, json: true }).join("\n"))).toEqual({
      host: "node1",
      ip: "10.0.0.1",
      time: "2023-11-14T22:13:20.000Z",
      metrics: [
        { name: "cpu_idle", value: 99, type: "float", units: "%", group: "cpu" },
        { name: "os_name", value: "Linux\u001b[2J", type: "string", units: "", group: "system" },
      ],
    });
  });
});

describe("the document", () => {
  function table(): ClusterTable {
    const directory = new ClusterDirectory("local");
    const row = directory.row("node1");
    directory.describeHost(row, { ...newHostFacts("node1"), ip: "10.0.0.1" });
    const column = directory.column("load_one", "number");
    const made = new ClusterTable(directory);
    const frame = new Frame(directory, "self");
    frame.timeMs = systemClock.nowMs();
    frame.heard(row, frame.timeMs);
    frame.pushNumber(row, column, 0.5, frame.timeMs, 2);
    made.apply(frame, 1, frame.timeMs);
    return made;
  }

  test("says that it is a gmond's, of a version that readers know", () => {
    const text = [...writeDocument(table(), systemClock.nowMs())].join("");
    expect(text).toMatch(/<GANGLIA_XML VERSION="3\.\d+\.\d+" SOURCE="gmond">\s*<CLUSTER NAME="local"/);
    expect(text).toMatch(/<HOST NAME="node1" IP="10\.0\.0\.1"[^>]*>\s*<METRIC NAME="load_one" VAL="0.50"/);
    expect(text).toMatch(/<\/GANGLIA_XML>\s*$/);
  });

  test("is given on connect", async () => {
    const made = table();
    const address = { host: "127.0.0.1", port: 0 };
    const server = createGmondServer({ address, view: () => made, clock: systemClock, logger: silentLogger });
    await server.start();
    try {
      const socket = connect(server.port, "127.0.0.1");
      let text = "";
      for await (const chunk of socket) text += chunk;
      expect(text).toContain('SOURCE="gmond"');
      expect(text).toMatch(/<\/GANGLIA_XML>\s*$/);
    } finally {
      await server.stop();
    }
  });
});
