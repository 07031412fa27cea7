/** The source that plays documents, held to the contract of sources; and files that are not as they should be. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { silentLogger } from "../../../core/base/log.js";
import { gangliaFilesSchema } from "../../../sensors/recorded/config.js";
import { filesOf, readDocuments } from "../../../sensors/recorded/documents.js";
import { RecordedSource } from "../../../sensors/recorded/recorded-source.js";
import { describeSource } from "../../contract/source-contract.js";
import { temporaryDirectory } from "../../storage/support/temporary.js";
import { until } from "../../support/loopback.js";
import { RecordingSink } from "../../support/recording-sink.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { gmondDocument } from "../support/ganglia-xml.js";

const config = (files: string[]) =>
  gangliaFilesSchema.parse({ name: "again", type: "ganglia-files", files, every: "15s" });

describeSource("ganglia-files", async (sink) => {
  const clock = new VirtualClock();
  async function* documents() {
    for (let value = 1; ; value++) {
      const hosts = [{ name: "node1", metrics: { load_one: value } }];
      yield { path: "a", bytes: Buffer.from(gmondDocument("khab", Math.floor(clock.nowMs() / 1_000), hosts)) };
    }
  }
  const source = new RecordedSource(
    config(["a"]),
    { sink, clock, logger: silentLogger },
    { files: async () => ["a"], documents },
  );
  return { source, clock, feed: () => clock.advance(22_500) };
});

const document = (value: number) =>
  gmondDocument("khab", 1_700_000_000 + value, [{ name: "n", metrics: { load_one: value } }]);

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

function put(name: string, content: string | Uint8Array): string {
  const path = join(directory.path, name);
  writeFileSync(path, content);
  return path;
}

describe("files", () => {
  test("a directory is read in order of hours and parts, other names are left out", async () => {
    for (const name of [
      "2026-11-22T01Z-10.xml.gz",
      "2026-11-22T01Z.xml.gz",
      "2026-11-22T01Z-2.xml.gz",
      "2026-11-22T00Z.xml",
      "x.txt",
    ]) {
      put(name, "");
    }
    const names = (await filesOf([directory.path])).map((path) => path.slice(directory.path.length + 1));
    expect(names).toEqual([
      "2026-11-22T00Z.xml",
      "2026-11-22T01Z.xml.gz",
      "2026-11-22T01Z-2.xml.gz",
      "2026-11-22T01Z-10.xml.gz",
    ]);
  });

  test("packed, in several members, and not packed", async () => {
    const plain = put("a.xml", document(1) + document(2));
    const packed = put("a.xml.gz", Buffer.concat([gzipSync(document(1)), gzipSync(document(2))]));
    for (const path of [plain, packed]) {
      const found: number[] = [];
      for await (const { bytes } of readDocuments(path, 2 ** 20)) found.push(bytes.length);
      expect(found).toHaveLength(2);
    }
  });

  test("a document that unpacks to more than the limit ends its file", async () => {
    const path = put("a.xml.gz", gzipSync(Buffer.alloc(10_000_000, "x")));
    await expect(readDocuments(path, 2 ** 20).next()).rejects.toThrow("a document has more than 1048576 bytes");
  });

  test("empty", async () => {
    expect(await readDocuments(put("a.xml", ""), 100).next()).toEqual({ done: true, value: undefined });
  });
});

describe("playing", () => {
  test("what is wrong with one file is told, and the next one is played", async () => {
    const sink = new RecordingSink();
    const clock = new VirtualClock();
    mkdirSync(join(directory.path, "b.xml"));
    const files = [
      put("1.xml", document(1)),
      put("2.xml", "no document</GANGLIA_XML>"),
      put("3.xml.gz", gzipSync(document(3)).subarray(0, 60)),
      put("4.xml", document(4)),
    ];
    const source = new RecordedSource(config(files), { sink, clock, logger: silentLogger });
    await source.start();
    const wanted = [
      { frames: 1, failures: 0, message: "" },
      { frames: 1, failures: 1, message: `Cannot play a document of ${files[1]}: it has no LOCALTIME` },
      { frames: 1, failures: 2, message: expect.stringContaining(`Cannot read all of ${files[2]}`) },
      { frames: 2, failures: 2, message: "", state: "ok", address: files[3] },
    ];
    for (const health of wanted) {
      await until(() => source.health().frames === health.frames && source.health().failures === health.failures);
      expect(source.health()).toMatchObject(health);
      await clock.advance(15_000);
    }
    await source.stop();
    expect(sink.recorded("khab").hosts["n"]?.cells["load_one"]).toMatchObject({ value: 4, timeMs: 1_700_000_004_000 });
  });

  test("a path that is not there is told, and looked for again", async () => {
    const clock = new VirtualClock();
    const path = join(directory.path, "later.xml");
    const source = new RecordedSource(config([path]), { sink: new RecordingSink(), clock, logger: silentLogger });
    await source.start();
    await until(() => source.health().failures === 1);
    expect(source.health()).toMatchObject({ state: "failing", message: expect.stringContaining(path) });
    put("later.xml", document(1));
    await clock.advance(30_000);
    await until(() => source.health().frames === 1);
    await source.stop();
  });
});
