import { expect, test } from "vitest";
import { GangliaXmlReader } from "../../../core/wire/ganglia/xml-reader.js";
import { RecordingSink } from "../../support/recording-sink.js";
import { type ClusterOptions, EmulatedCluster } from "./cluster.js";
import { DocumentWriter } from "./document.js";
import { TEMPLATE } from "./start.js";
import { readTemplate } from "./template.js";

const template = readTemplate(TEMPLATE);
const OPTIONS: ClusterOptions = { name: "emulated", hosts: 5, seed: 20061127, intervalS: 15, fresh: "all" };
const NOW_S = 1_800_000_000;

test("the template has 39 metrics, four of them text", () => {
  expect(template.metrics.length).toBe(39);
  expect(template.metrics.filter(({ type }) => type === "string").map(({ name }) => name)).toEqual([
    "gexec",
    "machine_type",
    "os_name",
    "os_release",
  ]);
});

test("one value in three changes from a round to the next, and every age", () => {
  const cluster = new EmulatedCluster(template, OPTIONS);
  const rounds = 29 * 4;
  let changes = 0;
  for (let round = 1; round <= rounds; round++) {
    for (let host = 0; host < OPTIONS.hosts; host++) {
      for (let metric = 0; metric < 39; metric++) {
        expect(cluster.tnAt(host, metric, round)).not.toBe(cluster.tnAt(host, metric, round - 1));
        if (cluster.textAt(host, metric, round) !== cluster.textAt(host, metric, round - 1)) changes++;
      }
    }
  }
  expect(changes).toBe((rounds * OPTIONS.hosts * 39) / 3);
});

test.each(["all", "changed"] as const)(
  "our reader finds the arithmetic's values in the document, fresh: %s",
  (fresh) => {
    const cluster = new EmulatedCluster(template, { ...OPTIONS, fresh });
    const writer = new DocumentWriter(template, cluster);
    for (const round of [0, 1, 2, 500]) {
      writer.prepare(round);
      const sink = new RecordingSink();
      const reader = new GangliaXmlReader({ source: "emulated", sink });
      const report = reader.read(writer.document(NOW_S), NOW_S * 1_000);
      const { hosts } = sink.recorded("emulated");
      expect([report.complete, report.malformed, report.hosts, report.metrics]).toEqual([true, 0, 5, 5 * 39]);
      for (let host = 0; host < OPTIONS.hosts; host++) {
        for (const [metric, { name, type }] of template.metrics.entries()) {
          const text = cluster.textAt(host, metric, round);
          const cell = hosts[cluster.hostName(host)]?.cells[name];
          expect(cell?.value, `${name} in round ${round}`).toBe(type === "string" ? text : Number(text));
          expect(cell?.timeMs).toBe((NOW_S - cluster.tnAt(host, metric, round)) * 1_000);
        }
      }
    }
  },
);

test("with fresh: changed, a value keeps its time until it changes", () => {
  const cluster = new EmulatedCluster(template, { ...OPTIONS, fresh: "changed" });
  for (let round = 1; round < 60; round++) {
    const aged = cluster.tnAt(0, 0, round) - cluster.tnAt(0, 0, round - 1);
    const changed = cluster.textAt(0, 0, round) !== cluster.textAt(0, 0, round - 1);
    if (!changed) expect(aged).toBe(OPTIONS.intervalS);
    else expect(aged).toBeLessThanOrEqual(0);
  }
});
