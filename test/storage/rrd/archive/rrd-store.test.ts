/** The store of RRD files in its worker thread, beside SQLite, as the collector opens it. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { systemClock } from "../../../../core/base/clock.js";
import { silentLogger } from "../../../../core/base/log.js";
import { storageSchema } from "../../../../storage/config.js";
import { openStorage, type Storage } from "../../../../storage/open.js";
import { compile } from "../../support/compiled.js";
import { temporaryDirectory } from "../../support/temporary.js";

const compiled = compile("storage/worker.ts");
afterAll(() => compiled.remove());
const directory = temporaryDirectory();
afterAll(() => directory.remove());

let storage: Storage | undefined;
afterEach(() => storage?.close());

const open = async (stateDir: string, rrd: object) => {
  const config = storageSchema.parse({ rrd });
  const workerUrl = compiled.url("storage/worker.ts");
  storage = await openStorage({ stateDir, config, logger: silentLogger, clock: systemClock, workerUrl });
  return storage;
};

const KEY = { cluster: "khab", host: "node1", metric: "load_one" };
const TIMES = Float64Array.of(1_700_000_010_000, 1_700_000_025_000);
const BATCH = {
  key: KEY,
  type: "float",
  units: "",
  tmaxS: 70,
  series: { kind: "number", timesMs: TIMES, values: Float64Array.of(1, 2) },
} as const;

test("samples go to both stores, and are read from the exact one", async () => {
  const state = join(directory.path, "both");
  const { archive, health } = await open(state, { rras: ["RRA:AVERAGE:0.5:1:100"] });
  await archive.append([BATCH]);
  expect(existsSync(join(state, "rrds/khab/node1/load_one.rrd"))).toBe(true);
  const series = await archive.read({ key: KEY, fromMs: 0, toMs: 9e12 });
  expect([...(series?.timesMs ?? [])]).toEqual([...TIMES]);
  expect(health().map(({ store }) => store)).toEqual(["sqlite", "rrd"]);
});

test("sums come through to its thread", async () => {
  const state = join(directory.path, "sums");
  const { archive } = await open(state, { rras: ["RRA:AVERAGE:0.5:1:100"] });
  const metrics = [{ name: "load_one", slope: "both" }] as const;
  const [sums, hosts] = [Float64Array.of(1, 2), Float64Array.of(1, 1)];
  expect(archive.traits.sumsEveryMs).toBe(15_000);
  await archive.endSpill?.([{ kind: "cluster", name: "khab", metrics, timesMs: TIMES, sums, hosts }]);
  expect(existsSync(join(state, "rrds/khab/__SummaryInfo__/load_one.rrd"))).toBe(true);
});

test("what gmetad kept is read where SQLite has nothing", async () => {
  const first = await open(join(directory.path, "first"), { dir: join(directory.path, "rrds") });
  await first.archive.append([BATCH]);
  await first.close();
  const { archive } = await open(join(directory.path, "second"), { dir: join(directory.path, "rrds"), mode: "read" });
  const series = await archive.read({ key: KEY, fromMs: 0, toMs: 9e12 });
  expect(series?.kind === "number" ? [...series.values] : []).toEqual([1, 2]);
});

test("a directory that is none is told at the start", async () => {
  writeFileSync(join(directory.path, "file"), "");
  await expect(open(join(directory.path, "third"), { dir: join(directory.path, "file") })).rejects.toThrow(
    "cannot open the RRD files",
  );
  await expect(open(join(directory.path, "third"), { dir: "/nonexistent", mode: "read" })).rejects.toThrow(
    "no such file or directory",
  );
});
