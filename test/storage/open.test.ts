/** Several stores as the collector opens them: each in a thread of its own. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../core/base/clock.js";
import { silentLogger } from "../../core/base/log.js";
import type { SeriesBatch } from "../../core/model/archive.js";
import { storageSchema } from "../../storage/config.js";
import { openStorage, type Storage } from "../../storage/open.js";
import { eventStoreContract } from "../contract/event-store-contract.js";
import { until } from "../support/loopback.js";
import { MadeCluster, metaOf } from "../support/made-cluster.js";
import { type ScriptedServer, scriptedServer } from "./remote/support/scripted-server.js";
import { compile } from "./support/compiled.js";
import { temporaryDirectory } from "./support/temporary.js";

const compiled = compile("storage/worker.ts");
const workerUrl = compiled.url("storage/worker.ts");
afterAll(() => compiled.remove());

const KEY = { cluster: "khab", host: "node1", metric: "load_one" };
const START_MS = 1_700_000_000_000;
function batch(...values: number[]): SeriesBatch {
  const timesMs = Float64Array.from(values, (value) => START_MS + value * 15_000);
  return { key: KEY, type: "float", units: "", series: { kind: "number", timesMs, values: Float64Array.from(values) } };
}

let server: ScriptedServer;
let directory: ReturnType<typeof temporaryDirectory>;
let storage: Storage | undefined;
beforeEach(async () => {
  server = await scriptedServer();
  directory = temporaryDirectory();
  storage = undefined;
});
afterEach(async () => {
  await storage?.close();
  await server.stop();
  directory.remove();
});

async function open(input: Record<string, unknown>): Promise<Storage> {
  const config = storageSchema.parse(input);
  storage = await openStorage({
    stateDir: directory.path,
    config,
    logger: silentLogger,
    clock: systemClock,
    workerUrl,
  });
  return storage;
}

eventStoreContract("sqlite in its thread", async () => ({
  store: (await open({})).events,
  async reopen() {
    await storage?.close();
    return (await open({})).events;
  },
  cleanup: async () => {},
}));

describe("sqlite and remote", () => {
  const remote = () => ({ remote: { write: `${server.url}/api/v1/write`, query: server.url } });
  const told = (store: string) => storage?.health().find((health) => health.store === store);

  test("an append reaches both; a read is answered at hand; each tells how it is", async () => {
    const { archive } = await open(remote());
    expect(archive.traits).toMatchObject({ name: "sqlite+remote", exact: true, text: true, visibilityDelayMs: 0 });
    await archive.append([batch(1, 2, 3)]);
    expect(await archive.read({ key: KEY, fromMs: 0, toMs: 9e12 })).toMatchObject({ values: Float64Array.of(1, 2, 3) });
    await until(() => told("remote")?.counters["sentSamplesTotal"] === 3);
    expect(server.received.map(({ path }) => path)).toEqual(["/api/v1/write"]);
    expect(told("remote")?.message).toBe("");
    expect(told("sqlite")).toEqual({
      store: "sqlite",
      message: "",
      counters: { damagedFiles: 0, backlogSamples: 0, backlogBytes: 0, backlogDroppedSamplesTotal: 0 },
    });
  });

  test("a server that is away holds nothing up, and is told", async () => {
    for (let i = 0; i < 100; i++) server.answers.push({ status: 503, body: "not now" });
    const { archive } = await open(remote());
    await archive.append([batch(1, 2, 3)]);
    await until(() => told("remote")?.message === "HTTP 503: not now; 3 samples wait");
    expect(await archive.read({ key: KEY, fromMs: 0, toMs: 9e12 })).toMatchObject({ values: Float64Array.of(1, 2, 3) });
  });

  test("a queue that is none of ours: nothing is opened, and the reason is told", async () => {
    mkdirSync(join(directory.path, "remote-queue"));
    writeFileSync(join(directory.path, "remote-queue", "queue-00000001.log"), "somebody else's file");
    await expect(open(remote())).rejects.toThrow('it does not begin with "GRATELOG"');
  });
});

describe("sqlite and documents of XML", () => {
  const END = { key: KEY, fromMs: 0, toMs: 9e12 };

  test("an append reaches both, and documents tell what the collector says of hosts and metrics", async () => {
    const { archive, describeBy, health } = await open({ xml: { every: "15s", keep: "100000d" } });
    expect(archive.traits).toMatchObject({ name: "sqlite+xml", resolutionMs: 0, exact: true });
    const cluster = new MadeCluster("khab");
    cluster.host("node1", { ip: "10.0.0.1" });
    cluster.set("node1", metaOf("load_one", { extra: [["GROUP", "load"]] }), 0);
    describeBy(() => [cluster.directory]);
    await archive.append([batch(1, 2, 3)]);
    await archive.endSpill?.([]);
    const [file, ...more] = readdirSync(join(directory.path, "documents", "khab"));
    expect(more).toEqual([]);
    const text = gunzipSync(readFileSync(join(directory.path, "documents", "khab", file as string))).toString();
    expect(text.match(/<HOST NAME="node1" IP="10.0.0.1"/g)).toHaveLength(3);
    expect(text.match(/<EXTRA_ELEMENT NAME="GROUP" VAL="load"/g)).toHaveLength(3);
    await until(() => health()[1]?.counters["documentsTotal"] === 3);
    expect(health()[1]).toMatchObject({ store: "xml", message: "" });
  });

  test("what the database has lost is answered out of documents", async () => {
    const config = { xml: { every: "15s", keep: "100000d" } };
    const first = await open(config);
    await first.archive.append([batch(0, 1, 2, 3)]);
    await first.archive.endSpill?.([]);
    await first.close();
    for (const name of readdirSync(directory.path)) {
      if (name.startsWith("history.db")) rmSync(join(directory.path, name));
    }
    const { archive } = await open(config);
    const found = await archive.read(END);
    expect(found).toMatchObject({ values: Float64Array.of(0, 1, 2, 3) });
    await archive.append([batch(4, 5)]);
    expect(await archive.read(END)).toMatchObject({ values: Float64Array.of(0, 1, 2, 3, 4, 5) });
  });
});
