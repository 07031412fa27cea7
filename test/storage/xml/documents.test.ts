/** What becomes of samples: documents of steps, read again by the store, by the source that plays them, and by others' tools. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeCluster } from "../../../storage/description.js";
import { findProgram } from "../../setup/peers.mjs";
import { MadeCluster, metaOf } from "../../support/made-cluster.js";
import { batch, flipOctet, MINUTE_MS, played, START_MS, type Station, samplesOf, station } from "./support.js";

let at: Station;
beforeEach(() => {
  at = station();
});
afterEach(() => at.remove());

/** Always the same for a seed; nothing that could be packed. */
function randomBytes(seed: number, count: number): Buffer {
  const parts: Buffer[] = [];
  for (let i = 0; i * 32 < count; i++) parts.push(createHash("sha256").update(`${seed}/${i}`).digest());
  return Buffer.concat(parts).subarray(0, count);
}

const HOUR_0 = "2026-11-22T00Z.xml.gz";
const HOUR_1 = "2026-11-22T01Z.xml.gz";

/** LOCALTIME of each document, seconds after the start, and what it says of a metric: value and age. */
function said(text: string, metric = "load_one"): [localtimeS: number, value: string, tnS: number][] {
  return text
    .split("</GANGLIA_XML>")
    .slice(0, -1)
    .flatMap((document): [number, string, number][] => {
      const localtimeS = Number(/<CLUSTER [^>]*LOCALTIME="(\d+)"/.exec(document)?.[1]) - START_MS / 1_000;
      const cells = document.matchAll(new RegExp(`<METRIC NAME="${metric}" VAL="([^"]*)"[^>]* TN="(\\d+)"`, "g"));
      return [...cells].map(([, value, tnS]) => [localtimeS, value as string, Number(tnS)]);
    });
}

describe("from samples to documents", () => {
  test("a document of each step, in the file of its hour, with the newest sample of the step and its age", async () => {
    const archive = await at.open();
    await archive.append([batch([...[5, 20, 50, 110, 130].map((s): [number, number] => [s, s / 4])])]);
    await archive.append([batch([[70, 7]], { metric: "cpu_num" })]);
    await archive.endSpill();
    expect(at.files()).toEqual([HOUR_0, HOUR_1]);
    expect(said(at.text(HOUR_0))).toEqual([[60, "12.5", 10]]);
    expect(said(at.text(HOUR_1))).toEqual([[120, "27.5", 10]]);
    expect(said(at.text(HOUR_1), "cpu_num")).toEqual([[120, "7", 50]]);
    // The step that is not over waits.
    expect(await samplesOf(archive)).toEqual([
      [50, 12.5],
      [110, 27.5],
      [130, 32.5],
    ]);
    expect(archive.health()).toMatchObject({ message: "", counters: { documentsTotal: 2, documentSamplesWaiting: 1 } });
  });

  test("a document shows all that is known: what was not renewed with its age", async () => {
    const archive = await at.open();
    await archive.append([batch([[10, 1]], { host: "node2" }), batch([10, 70, 130].map((s) => [s, s]))]);
    await archive.append([batch([[190, 4]], {}), batch([[150, "up"]], { metric: "state" })]);
    await archive.endSpill();
    expect(said(at.text(HOUR_1)).map(([localtimeS, value, tnS]) => `${localtimeS}: ${value} -${tnS}`)).toEqual([
      "120: 1 -110",
      "120: 70 -50",
      "180: 1 -170",
      "180: 130 -50",
    ]);
    expect(await samplesOf(archive, { host: "node2" })).toEqual([[10, 1]]);
  });

  test("what is of the last minute is held back, unless the cluster is silent for ten", async () => {
    const archive = await at.open({ every: "10s" }, { heldBackS: 60 });
    await archive.append([batch([10, 20, 30, 80, 90].map((s) => [s, s]))]);
    await archive.endSpill();
    expect(said(at.text(HOUR_0)).map(([localtimeS]) => localtimeS)).toEqual([10, 20, 30]);
    at.clock.jumpWall(90_000 + 600_000);
    await archive.endSpill();
    expect(said(at.text(HOUR_0)).map(([localtimeS]) => localtimeS)).toEqual([10, 20, 30, 80, 90]);
  });

  test("samples that come late stand in a further document of the newest time, with their true age", async () => {
    const archive = await at.open();
    await archive.append([batch([60, 120, 180].map((s) => [s, s]))]);
    await archive.endSpill();
    await archive.append([
      batch(
        [60, 150].map((s) => [s, -s]),
        { host: "late" },
      ),
    ]);
    await archive.endSpill();
    const documents = said(at.text(HOUR_1)).filter(([, value]) => value.startsWith("-"));
    expect(documents).toEqual([
      [180, "-60", 120],
      [180, "-150", 30],
    ]);
    expect(await samplesOf(archive, { host: "late" })).toEqual([
      [60, -60],
      [150, -150],
    ]);
    const { seen, health } = await played([join(at.path, "khab")]);
    expect(seen.map(([atS]) => atS)).toEqual([60, 120, 180, 180, 180]);
    expect(health).toMatchObject({ malformed: 0, failures: 0 });
  });

  test("a value older than its own DMAX when its step ends is written all the same, and not repeated", async () => {
    const archive = await at.open();
    await archive.append([batch([[5, 1]]), batch([[5, 1]], { metric: "other" })]);
    const cluster = new MadeCluster("khab");
    cluster.host("node1");
    cluster.set("node1", metaOf("load_one", { dmaxS: 20 }), 0);
    await archive.describe([describeCluster(cluster.directory)]);
    await archive.append([batch([[65, 2]], { metric: "other" })]);
    at.clock.jumpWall(3_600_000);
    await archive.endSpill();
    expect(said(at.text(HOUR_0))).toEqual([[60, "1", 55]]);
    expect(said(at.text(HOUR_1))).toEqual([]);
    expect(said(at.text(HOUR_1), "other")).toEqual([[120, "2", 55]]);
    expect(await samplesOf(archive)).toEqual([[5, 1]]);
  });

  test("a host that is silent for a week is listed no more; what documents have of it stays", async () => {
    const archive = await at.open({ every: "1h", keep: "30d" });
    const dayS = 86_400;
    await archive.append([batch([[0, 1]], { host: "gone" }), batch([0, 6 * dayS, 8 * dayS].map((s) => [s, s]))]);
    await archive.endSpill();
    await archive.append([batch([[9 * dayS, 4]])]);
    at.clock.jumpWall(10 * dayS * 1_000);
    await archive.endSpill();
    const hosts = (name: string) => [...at.text(name).matchAll(/<HOST NAME="(\w+)"/g)].map(([, host]) => host);
    expect(hosts(at.files()[0] as string)).toEqual(["gone", "node1"]);
    expect(hosts(at.files().at(-1) as string)).toEqual(["node1"]);
    expect(await samplesOf(archive, { host: "gone" })).toEqual([[0, 1]]);
  });

  test("names and times that no document can hold are passed over and counted", async () => {
    const archive = await at.open();
    const beyond = batch([[0, 1]]);
    beyond.series.timesMs[0] = -5_000;
    const key = { host: "a\uffff" };
    await archive.append([batch([[5, 1]], key), batch([[5, 2]], { cluster: "\ufffe" }), beyond]);
    await archive.endSpill();
    expect(archive.health().counters["documentSamplesRefusedTotal"]).toBe(3);
    expect(await archive.coverage()).toBeUndefined();
  });
});

describe("what is said of hosts and metrics", () => {
  /** Two hosts, of which one says something of its own. */
  function described() {
    const cluster = new MadeCluster("khab");
    cluster.directory.setFacts({ owner: "us", latlong: "N48 E135", url: "http://x/" });
    cluster.host("node1", { ip: "10.0.0.1", location: "1,2,3", startedS: 1_700_000_000 });
    cluster.host("node2", { ip: "10.0.0.2" });
    const extra = [
      ["GROUP", "load"],
      ["TITLE", "One <minute>"],
    ] as const;
    cluster.set("node1", metaOf("load_one", { tmaxS: 70, extra }), 0);
    cluster.set("node2", metaOf("load_one", { tmaxS: 70, extra: [["GROUP", "own"]] }), 0);
    return describeCluster(cluster.directory);
  }

  test("stands in the documents, from the first one on, and after a restart too", async () => {
    let archive = await at.open();
    const load = (s: number) => [batch([[s, s]], {}, { tmaxS: 70 }), batch([[s, 2]], { host: "node2" }, { tmaxS: 70 })];
    await archive.append(load(60));
    await archive.describe([described()]);
    await archive.endSpill();
    archive = await at.open();
    await archive.append(load(120));
    await archive.endSpill();
    for (const name of [HOUR_0, HOUR_1]) {
      const { sink, health } = await played([at.file(name)]);
      expect(health).toMatchObject({ state: "ok", frames: 1, malformed: 0 });
      expect(sink.recorded("khab")).toMatchObject({
        facts: { owner: "us", latlong: "N48 E135", url: "http://x/" },
        hosts: {
          node1: {
            facts: { ip: "10.0.0.1", location: "1,2,3", startedS: 1_700_000_000 },
            metas: {
              load_one: {
                type: "float",
                slope: "both",
                tmaxS: 70,
                extra: [
                  ["GROUP", "load"],
                  ["TITLE", "One <minute>"],
                ],
              },
            },
          },
          node2: { facts: { ip: "10.0.0.2" }, metas: { load_one: { extra: [["GROUP", "own"]] } } },
        },
      });
    }
  });

  test("of clusters and hosts without samples nothing is written", async () => {
    const archive = await at.open();
    await archive.describe([described()]);
    await archive.append([batch([[60, 1]])]);
    await archive.describe([described()]);
    await archive.endSpill();
    expect(at.text(HOUR_0)).not.toContain("node2");
  });
});

describe("played again", () => {
  test("each document is of its LOCALTIME, each value of its own time", async () => {
    const archive = await at.open();
    await archive.append([batch([50, 110, 170].map((s) => [s, s + 0.25]))]);
    at.clock.jumpWall(3_600_000);
    await archive.endSpill();
    const { seen, sink, health } = await played([join(at.path, "khab")]);
    expect(seen).toEqual([
      [60, 50.25, 50],
      [120, 110.25, 110],
      [180, 170.25, 170],
    ]);
    expect(sink.recorded("khab").hosts["node1"]?.reportedMs).toBe(START_MS + 170_000);
    expect(health).toMatchObject({ state: "ok", message: "", frames: 3, malformed: 0, failures: 0 });
  });

  test("a document in many pieces is one document", async () => {
    const archive = await at.open();
    const text = "x".repeat(900);
    const hosts = Array.from({ length: 4_000 }, (_, i) => `n${i}`);
    await archive.append(hosts.map((host) => batch([[60, text]], { host, metric: "text" })));
    await archive.endSpill();
    const members = readFileSync(at.file(HOUR_0)).toString("latin1").split("\x1f\x8b\x08\x04").length - 1;
    expect(members).toBeGreaterThan(3);
    const { sink, health } = await played([at.file(HOUR_0)]);
    expect(health).toMatchObject({ frames: 1, malformed: 0, failures: 0 });
    expect(Object.keys(sink.recorded("khab").hosts)).toHaveLength(4_000);
    for (const host of ["n0", "n1999", "n3999"]) {
      expect(await samplesOf(archive, { host, metric: "text" })).toEqual([[60, text]]);
    }
  });
});

describe("others' tools", () => {
  /** Everything that could break a document. */
  async function hostile() {
    const archive = await at.open();
    const names = ['<b> & "x"', "]]>", "-->", "Хабаровск", "🐧", "a\u00a0b", "'"];
    const texts = [
      "",
      "a\0b",
      "\ud800",
      "\ufffe",
      "\r\n\t",
      "]]>",
      "<METRIC/>",
      "&#0;",
      "\u007f\u0085",
      "</GANGLIA_XML>",
    ];
    const numbers = [-0, Number.NaN, Number.POSITIVE_INFINITY, 5e-324, 1e300];
    const all = names.flatMap((name, i) => [
      ...numbers.map((value, j) =>
        batch([[60 * (i + 1), value]], { host: name, metric: `${name} ${j}` }, { units: name }),
      ),
      ...texts.map((text, j) => batch([[60 * (i + 1), text]], { host: name, metric: `t${j}` })),
    ]);
    await archive.append(all);
    at.clock.jumpWall(3_600_000);
    await archive.endSpill();
    return { archive, names, texts, numbers };
  }

  const xmllint = findProgram("xmllint");
  test.skipIf(xmllint === undefined)("each document is valid by its own DTD, says xmllint", async () => {
    await hostile();
    for (const name of at.files()) {
      for (const document of at.text(name).split(/(?<=<\/GANGLIA_XML>\n)/)) {
        const input = Buffer.from(document, "latin1");
        const checked = spawnSync(xmllint as string, ["--valid", "--noout", "-"], { input, encoding: "utf8" });
        expect([checked.status, checked.stderr]).toEqual([0, ""]);
      }
    }
  });

  test("what is hostile comes back from the documents as it was", async () => {
    const { archive, names, texts, numbers } = await hostile();
    expect(archive.health().counters["documentSamplesWaiting"]).toBe(0);
    for (const [i, host] of names.entries()) {
      for (const [j, text] of texts.entries()) {
        expect(await samplesOf(archive, { host, metric: `t${j}` })).toEqual([[60 * (i + 1), text]]);
      }
      for (const [j, value] of numbers.entries()) {
        expect(await samplesOf(archive, { host, metric: `${host} ${j}` })).toEqual([[60 * (i + 1), value]]);
      }
    }
  });

  test("the source plays it without a fault", async () => {
    const { names } = await hostile();
    const { sink, health } = await played([join(at.path, "khab")]);
    expect(health).toMatchObject({ malformed: 0, failures: 0, frames: names.length });
    expect(Object.keys(sink.recorded("khab").hosts).sort()).toEqual([...names].sort());
  });

  const gunzip = findProgram("gunzip");
  test.skipIf(gunzip === undefined)("gunzip takes a file for whole, and gives all documents", async () => {
    const archive = await at.open();
    await archive.append([batch([70, 130, 190].map((s) => [s, s]))]);
    await archive.endSpill();
    expect(spawnSync(gunzip as string, ["-t", at.file(HOUR_1)], { encoding: "utf8" })).toMatchObject({
      status: 0,
      stderr: "",
    });
    const { stdout } = spawnSync(gunzip as string, ["-c", at.file(HOUR_1)], { encoding: "latin1" });
    expect(said(stdout).map(([localtimeS]) => localtimeS)).toEqual([120, 180]);
  });
});

describe("what a read may cost", () => {
  /** 1,500 hosts in documents of some MB. */
  async function large(readBytesMax: number) {
    const archive = await at.open({}, { readBytesMax });
    const hosts = Array.from({ length: 1_500 }, (_, i) => `n${i}`);
    const text = "x".repeat(900);
    await archive.append(
      hosts.map((host) =>
        batch(
          [60, 120, 180].map((s) => [s, `${host}${s}${text}`]),
          { host, metric: "t" },
        ),
      ),
    );
    await archive.endSpill();
    return archive;
  }
  const t = { cluster: "khab", metric: "t" };

  test("only pieces with the host and of the time are unpacked", async () => {
    // Documents have two pieces of a MB each.
    const archive = await large(1_400_000);
    const read = (fromS: number, toS: number) =>
      samplesOf(archive, { ...t, host: "n1400" }, START_MS + fromS * 1_000, START_MS + toS * 1_000);
    expect(await read(60, 61)).toHaveLength(1);
    expect(await read(121, 10_000)).toHaveLength(1);
    await expect(read(0, 10_000)).rejects.toMatchObject({
      code: "storage-too-much",
      message: expect.stringMatching(/cannot read "t" of "n1400" .* at most 1400000 are; ask for a shorter time/),
    });
  });

  test("more than the limit is refused before anything is unpacked", async () => {
    let archive = await large(5_000_000);
    const ask = (toS: number) =>
      archive.readMany({ ...t, fromMs: START_MS, toMs: START_MS + toS * 1_000, samplesMax: 1e6 });
    expect(await ask(61)).toHaveLength(1_500);
    await expect(ask(3_600)).rejects.toMatchObject({ code: "storage-too-much" });
    archive = await at.open({}, { readBytesMax: 1_000 });
    // Had it unpacked this one, it would have noticed.
    flipOctet(at.file(HOUR_0), 40_000);
    await expect(ask(61)).rejects.toMatchObject({ code: "storage-too-much" });
    expect(archive.health().counters["documentDamagedTotal"]).toBe(0);
  });
});

describe("what is too old or too much is deleted", () => {
  test("by age; what is none of ours stays, and so does the file in use", async () => {
    mkdirSync(join(at.path, "khab"), { recursive: true });
    mkdirSync(join(at.path, "gone"));
    for (const name of ["2026-11-21T22Z.xml.gz", "2026-11-21T23Z.xml.gz", "notes.txt", "2026-11-01T00Z.xml"]) {
      writeFileSync(at.file(name), "x");
    }
    writeFileSync(at.file("2026-11-01T00Z.xml.gz", "gone"), "x");
    const archive = await at.open({ keep: "1h" });
    await archive.append([batch([[60, 1]])]);
    await archive.endSpill();
    expect(existsSync(join(at.path, "gone"))).toBe(false);
    expect(at.files()).toEqual(["2026-11-01T00Z.xml", "2026-11-21T23Z.xml.gz", HOUR_0, "notes.txt"]);
  });

  test("by size, the oldest first; coverage and reads follow", async () => {
    const archive = await at.open({ size: "1M", every: "1h" });
    const noise = (i: number) => randomBytes(i, 200_000).toString("hex");
    const hours = [0, 1, 2, 3, 4, 5, 6, 7].map((i): [number, string] => [3_600 * i + 120, noise(i)]);
    await archive.append([batch(hours, { metric: "t" })]);
    at.clock.jumpWall(20 * 3_600_000);
    await archive.endSpill();
    const left = at.files().length;
    expect(left).toBeLessThan(8);
    expect(left).toBeGreaterThan(1);
    expect(archive.health().counters["documentFilesBytes"]).toBeLessThan(2 ** 20);
    const samples = await samplesOf(archive, { metric: "t" });
    expect(samples).toEqual(hours.slice(8 - left));
    expect((await archive.coverage())?.fromMs).toBe(START_MS + (hours[8 - left] as [number, string])[0] * 1_000);
  });

  test("looked after every ten minutes only", async () => {
    const archive = await at.open({ keep: "1h" });
    await archive.append([batch([[60, 1]])]);
    await archive.endSpill();
    writeFileSync(at.file("2026-11-01T00Z.xml.gz"), "x");
    await archive.endSpill();
    expect(at.files()).toContain("2026-11-01T00Z.xml.gz");
    await at.clock.advance(10 * MINUTE_MS);
    await archive.endSpill();
    expect(at.files()).not.toContain("2026-11-01T00Z.xml.gz");
  });
});
