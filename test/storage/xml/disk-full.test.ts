/** Disks that refuse: nothing that was taken is lost, and it goes on when there is room. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { XmlArchive } from "../../../storage/xml/xml-archive.js";
import { mountTmpfs } from "../support/tmpfs.js";
import { batch, played, type Station, samplesOf, station } from "./support.js";

const SIZE_BYTES = 2 * 2 ** 20;
const tmpfs = mountTmpfs(SIZE_BYTES);
afterAll(() => tmpfs?.remove());

let at: Station | undefined;
afterEach(async () => {
  await at?.remove();
  at = undefined;
});

/** A text that cannot be packed, so that space goes. */
const noise = (i: number) =>
  Array.from({ length: 30_000 }, (_, k) => ((k * 48_271 + i * 7_919) % 65_521).toString(36)).join("");
const sample = (i: number) => batch([[60 * (i + 1), noise(i)]], { metric: "t" });
const wanted = (count: number) => Array.from({ length: count }, (_, i) => [60 * (i + 1), noise(i)]);

async function expectAll(archive: XmlArchive, count: number) {
  expect((await samplesOf(archive, { metric: "t" })).length).toBe(count);
  expect(await samplesOf(archive, { metric: "t" })).toEqual(wanted(count));
}

function fill(path: string) {
  writeFileSync(path, "");
  try {
    for (;;) appendFileSync(path, Buffer.alloc(4_096));
  } catch {
    // Full now.
  }
}

describe("a place where no document can be written", () => {
  test("is told; what was appended is read all the same, after a restart too, and written when it can be", async () => {
    at = station();
    mkdirSync(at.path, { recursive: true });
    // A file where the cluster's directory is to be.
    writeFileSync(join(at.path, "khab"), "");
    let archive = await at.open();
    await archive.append([sample(0), batch([[60, 1]], { cluster: "other" })]);
    await archive.endSpill();
    await archive.append([sample(1)]);
    await archive.endSpill();
    expect(archive.health()).toMatchObject({
      message: expect.stringContaining("cannot write a document of khab"),
      counters: { documentFailuresTotal: 2, documentsTotal: 1 },
    });
    expect(at.files("other")).toHaveLength(1);
    await expectAll(archive, 2);
    expect(await archive.coverage()).toMatchObject({
      fromMs: Date.UTC(2026, 10, 22, 0, 59),
      toMs: Date.UTC(2026, 10, 22, 1),
    });
    archive = await at.open();
    await expectAll(archive, 2);
    rmSync(join(at.path, "khab"));
    await archive.endSpill();
    expect(archive.health().message).toBe("");
    await expectAll(archive, 2);
    expect(at.files()).toEqual(["2026-11-22T00Z.xml.gz", "2026-11-22T01Z.xml.gz"]);
  });

  test("appends are refused once too much waits, whole, and taken again later", async () => {
    at = station();
    mkdirSync(at.path, { recursive: true });
    writeFileSync(join(at.path, "khab"), "");
    const archive = await at.open({}, { pendingBytesMax: 300_000 });
    let taken = 0;
    let refusal: unknown;
    while (refusal === undefined && taken < 50) {
      await archive.append([sample(taken)]).then(
        () => taken++,
        (error: unknown) => {
          refusal = error;
        },
      );
    }
    expect(taken).toBeGreaterThan(1);
    expect(refusal).toMatchObject({
      code: "storage-full",
      message: expect.stringMatching(
        /samples wait for their documents, at most 300000 may; cannot write a document of khab/,
      ),
    });
    await expectAll(archive, taken);
    rmSync(join(at.path, "khab"));
    await archive.append([sample(taken)]);
    await expectAll(archive, taken + 1);
    expect(archive.health().message).toBe("");
  });
});

describe.skipIf(tmpfs === undefined)("on a file system of 2 MB (needs root)", () => {
  const stateDir = () => tmpfs?.path ?? "";
  afterEach(() => {
    for (const name of existsSync(stateDir()) ? readdirSync(stateDir()) : []) {
      rmSync(join(stateDir(), name), { recursive: true });
    }
  });

  test("full: appends are refused whole, documents stay whole, and all goes on when there is room", async () => {
    at = station(stateDir());
    let archive = await at.open();
    const ballast = join(dirname(at.path), "ballast");
    writeFileSync(ballast, Buffer.alloc(SIZE_BYTES / 2));
    let taken = 0;
    let refusal: unknown;
    while (refusal === undefined && taken < 100) {
      await archive.append([sample(taken)]).then(
        () => taken++,
        (error: unknown) => {
          refusal = error;
        },
      );
      if (taken % 3 === 0) await archive.endSpill();
    }
    expect(taken).toBeGreaterThan(3);
    expect(refusal).toMatchObject({
      code: "storage-full",
      message: expect.stringContaining("nothing was written, make room"),
    });
    await expectAll(archive, taken);
    fill(join(dirname(at.path), "more"));
    await archive.endSpill();
    expect(archive.health()).toMatchObject({ message: expect.stringContaining("ENOSPC") });
    await expectAll(archive, taken);
    // Texts of that length are no metrics of Ganglia's, but the documents are whole.
    expect((await played([join(at.path, "khab")])).health).toMatchObject({ failures: 0 });
    archive = await at.open();
    await expectAll(archive, taken);
    rmSync(ballast);
    rmSync(join(dirname(at.path), "more"));
    await archive.append([sample(taken)]);
    await archive.endSpill();
    expect(archive.health()).toMatchObject({ message: "", counters: { documentSamplesWaiting: 0 } });
    await expectAll(archive, taken + 1);
    expect((await played([join(at.path, "khab")])).health).toMatchObject({ frames: taken + 1, failures: 0 });
  });

  test("read-only: what is there can be read", async () => {
    at = station(stateDir());
    let archive = await at.open();
    await archive.append([sample(0), batch([[60, 1]])]);
    await archive.endSpill();
    await archive.close();
    tmpfs?.remount("ro");
    try {
      archive = await at.open();
      await expectAll(archive, 1);
      await expect(archive.append([sample(1)])).rejects.toMatchObject({ code: "storage-io" });
      await archive.close();
    } finally {
      tmpfs?.remount("rw");
    }
  });
});
