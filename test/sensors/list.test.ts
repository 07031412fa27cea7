/** What is registered, held against its folders, its READMEs and what gmond calls the same metrics. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../core/base/log.js";
import { GangliaXmlReader } from "../../core/wire/ganglia/xml-reader.js";
import { sourcesSchema } from "../../sensors/config.js";
import { createSource, PROBES } from "../../sensors/list.js";
import type { MetricSpec } from "../../sensors/probes/probe.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { RecordingSink } from "./support/recording-sink.js";

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = join(ROOT, "sensors/probes");
const ROOTS = { procfs: "/proc", sysfs: "/sys" };
const folders = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

/** All specs that a probe's folder exports, however they are grouped there. */
async function specsOf(folder: string): Promise<MetricSpec[]> {
  const exported = Object.values(await import(join(FOLDER, folder, "specs.ts"))) as unknown[];
  return exported.flat().flatMap((value) => {
    const { spec = value } = value as { spec?: unknown };
    return typeof spec === "object" ? [spec as MetricSpec] : [];
  });
}

describe("PROBES", () => {
  it("has every folder, under the folder's name", () => {
    const names = PROBES.map((create) => create(ROOTS, new VirtualClock()).name);
    expect(names.toSorted()).toEqual(folders.toSorted());
  });

  it.each(folders)("%s has its files", (folder) => {
    const missing = ["specs.ts", "read.ts", "parse.ts", "index.ts", "README.md"].filter(
      (file) => !existsSync(join(FOLDER, folder, file)),
    );
    expect(missing).toEqual([]);
  });

  it.each(folders)("%s tells in its README what it measures", async (folder) => {
    const readme = readFileSync(join(FOLDER, folder, "README.md"), "utf8");
    const specs = await specsOf(folder);
    expect(specs.length).toBeGreaterThan(0);
    const rows = specs.map((spec) => [
      spec.name,
      new RegExp(`^\\| \`${spec.name}\` +\\| ${spec.type} +\\|.* ${spec.tmaxS} s +\\|`, "m"),
    ]);
    const missing = rows.filter(([, row]) => !(row as RegExp).test(readme)).map(([name]) => name);
    expect(missing).toEqual([]);
  });

  it("never gives one metric name to two probes", async () => {
    const names = (await Promise.all(folders.map(specsOf))).flat().map((spec) => spec.name);
    expect(names.length).toBeGreaterThan(35);
    expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
  });

  it("says of a metric what gmond says of it", async () => {
    const sink = new RecordingSink();
    const document = readFileSync(join(ROOT, "test/fixtures/ganglia-3.7.2/gmond-8649.xml"));
    new GangliaXmlReader({ source: "gmond", sink }).read(document, 1_795_289_045_000);
    const directory = sink.directory("probe");
    const specs = (await Promise.all(folders.map(specsOf))).flat();
    let compared = 0;
    for (let column = 0; column < directory.columnCount; column++) {
      const { name } = directory.columnFacts(column);
      const spec = specs.find((candidate) => candidate.name === name);
      const meta = directory.meta(0, column);
      if (spec === undefined || meta === undefined) continue;
      compared++;
      const extra = Object.fromEntries(meta.extra);
      const { type, units, slope, tmaxS, group, title } = spec;
      expect({ name, type, units, slope, tmaxS, group, title }).toEqual({
        name,
        type: meta.type,
        units: meta.units,
        slope: meta.slope,
        tmaxS: meta.tmaxS,
        group: extra["GROUP"],
        title: extra["TITLE"],
      });
    }
    // All of the document but gexec, which nothing answers any more, and seven of a module about disks.
    expect(compared).toBe(39 - 8);
  });
});

describe("createSource", () => {
  it.each([
    { name: "a", type: "ganglia-xml", address: "127.0.0.1:8649" },
    { name: "b", type: "ganglia-udp", cluster: "khab", listen: "239.2.11.71:8649" },
    { name: "c", type: "sensor", cluster: "servers" },
  ])("makes $type", async (entry) => {
    const [config] = sourcesSchema.parse([entry]);
    if (config === undefined) throw new Error("the schema lost the source");
    const source = createSource(config, { sink: new RecordingSink(), clock: new VirtualClock(), logger: silentLogger });
    expect(source.health()).toMatchObject({ name: entry.name, type: entry.type, state: "starting", frames: 0 });
    await source.stop();
    expect(source.health().state).toBe("stopped");
  });
});
