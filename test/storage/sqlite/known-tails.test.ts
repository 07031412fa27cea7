/** What the archive remembers of the file between appends: never more than is true, nor than there is room for. */
import { join } from "node:path";
import type Database from "better-sqlite3";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SeriesBatch } from "../../../core/model/archive.js";
import type { MetricType } from "../../../core/model/metric.js";
import { type KnownTail, KnownTails } from "../../../storage/sqlite/known-tails.js";
import { Retention } from "../../../storage/sqlite/retention.js";
import { SqliteArchive } from "../../../storage/sqlite/sqlite-archive.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { KeptLog, openTestDatabase } from "../support/sqlite.js";
import { temporaryDirectory } from "../support/temporary.js";

const keyOf = (host: string, metric = "load_one") => ({ cluster: "khab", host, metric });
const TAIL: KnownTail = { id: 1, type: "float", units: "%", isText: false, endMs: 10, count: 3, bytes: 9 };

describe("KnownTails", () => {
  test("each series has a place of its own, whatever it is called", () => {
    const known = new KnownTails();
    const hosts = ["a", "b", "__proto__", "constructor"];
    const keys = hosts.flatMap((host) => [keyOf(host), keyOf(host, "toString"), { ...keyOf(host), cluster: "other" }]);
    for (const [i, key] of keys.entries()) known.set(key, { ...TAIL, id: i, endMs: i / 4 });
    for (const [i, key] of keys.entries()) {
      const place = known.placeOf(key) as number;
      expect([known.ids[place], known.endsMs[place]]).toEqual([i, i / 4]);
    }
    expect(known.size).toBe(keys.length);
    expect(known.placeOf(keyOf("c"))).toBeUndefined();
  });

  test("grows, is told anew, and forgets", () => {
    const known = new KnownTails();
    known.set(keyOf("a"), TAIL);
    const place = known.placeOf(keyOf("a")) as number;
    known.grow(place, 12, 2, 5);
    expect([known.endsMs[place], known.counts[place], known.bytes[place]]).toEqual([12, 5, 14]);
    expect(known.isAs(place, "float", "%")).toBe(true);
    known.set(keyOf("a"), { ...TAIL, type: "string", units: "", isText: true });
    expect([known.size, known.isText[place], known.counts[place]]).toEqual([1, 1, 3]);
    expect(known.isAs(place, "string", "")).toBe(true);
    known.clear();
    expect([known.size, known.placeOf(keyOf("a")), known.ids.length]).toEqual([0, undefined, 0]);
  });

  test("at the limit all is forgotten and learnt again", () => {
    const known = new KnownTails(100_000);
    let largest = 0;
    for (let i = 0; i < 5_000; i++) {
      known.set(keyOf(`node${i}`), { ...TAIL, id: i });
      largest = Math.max(largest, known.size);
      expect(known.ids[known.placeOf(keyOf(`node${i}`)) as number]).toBe(i);
    }
    expect(largest).toBeGreaterThan(100);
    expect(largest).toBeLessThan(200);
  });
});

describe("appends after what the file became without them", () => {
  const directory = temporaryDirectory();
  let db: Database.Database;
  let archive: SqliteArchive;
  let number = 0;
  const file = () => join(directory.path, `${number}.db`);

  beforeEach(() => {
    number++;
    db = openTestDatabase(file());
    archive = new SqliteArchive(db, file());
  });
  afterEach(() => archive.close());
  afterAll(() => directory.remove());

  function batch(host: string, from: number, count: number, type: MetricType = "float"): SeriesBatch {
    const timesMs = Float64Array.from({ length: count }, (_, i) => (from + i) * 1_000);
    if (type === "string") {
      const texts = Array.from(timesMs, (timeMs) => `at ${timeMs}`);
      return { key: keyOf(host), type, units: "", series: { kind: "text", timesMs, texts } };
    }
    return {
      key: keyOf(host),
      type,
      units: "",
      series: { kind: "number", timesMs, values: timesMs.map((t) => t / 7) },
    };
  }
  const secondsOf = async (host: string, of = archive) => {
    const series = await of.read({ key: keyOf(host), fromMs: 0, toMs: 9e12 });
    return [...(series?.timesMs ?? [])].map((timeMs) => timeMs / 1_000);
  };
  const upTo = (end: number) => Array.from({ length: end }, (_, i) => i);

  test("somebody else has appended: its samples stay, and are not doubled", async () => {
    await archive.append([batch("a", 0, 10)]);
    const other = new SqliteArchive(openTestDatabase(file()), file());
    await other.append([batch("a", 10, 10), batch("b", 0, 5)]);
    await archive.append([batch("a", 5, 25), batch("b", 0, 8)]);
    await other.append([batch("a", 25, 10)]);
    for (const one of [archive, other]) {
      expect(await secondsOf("a", one)).toEqual(upTo(35));
      expect(await secondsOf("b", one)).toEqual(upTo(8));
    }
    await other.close();
  });

  test("somebody else has taken a series away: it begins anew", async () => {
    await archive.append([batch("a", 0, 10), batch("b", 0, 10)]);
    const other = openTestDatabase(file());
    other.exec("DELETE FROM tail; DELETE FROM series");
    other.close();
    await archive.append([batch("a", 4, 10)]);
    expect(await secondsOf("a")).toEqual(upTo(14).slice(4));
    expect(await archive.coverage()).toEqual({ fromMs: 4_000, toMs: 13_000 });
  });

  test("retention has forgotten a series: it begins anew", async () => {
    const clock = new VirtualClock(1_000_000);
    const keeping = new SqliteArchive(db, file(), {
      retention: new Retention(db, { keepMs: 500_000, clock, log: new KeptLog() }),
    });
    await keeping.append([batch("a", 600, 10)]);
    await clock.advance(400_000);
    await keeping.append([batch("b", 1_390, 10)]);
    expect(db.prepare("SELECT host FROM series").pluck().all()).toEqual(["b"]);
    await keeping.append([batch("a", 1_400, 10), batch("b", 1_400, 10)]);
    expect(await secondsOf("a")).toEqual(upTo(1_410).slice(1_400));
    expect(await secondsOf("b")).toEqual(upTo(1_410).slice(1_390));
  });

  test("an append that failed half way leaves nothing behind, in the file or in memory", async () => {
    await archive.append([batch("a", 0, 10), batch("c", 0, 10)]);
    db.exec("CREATE TRIGGER refuse BEFORE UPDATE ON tail WHEN new.series_id = 2 BEGIN SELECT RAISE(ABORT, 'no'); END");
    await expect(archive.append([batch("a", 10, 10), batch("b", 0, 10), batch("c", 10, 10)])).rejects.toThrow("no");
    expect([await secondsOf("a"), await secondsOf("b"), await secondsOf("c")]).toEqual([upTo(10), [], upTo(10)]);
    db.exec("DROP TRIGGER refuse");
    await archive.append([batch("a", 5, 20), batch("b", 0, 20), batch("c", 10, 1)]);
    expect([await secondsOf("a"), await secondsOf("b"), await secondsOf("c")]).toEqual([upTo(25), upTo(20), upTo(11)]);
  });

  test("no room to remember anything: the same rows", async () => {
    const forgetful = new SqliteArchive(openTestDatabase(`${file()}2`), `${file()}2`, { knownBytesMax: 1 });
    for (let from = 0; from < 1_300; from += 37) {
      const batches = ["a", "b", "c"].map((host) => batch(host, from, 37));
      await archive.append(batches);
      await forgetful.append(batches);
    }
    for (const host of ["a", "b", "c"]) {
      expect(await secondsOf(host)).toEqual(upTo(36 * 37));
      expect(await secondsOf(host, forgetful)).toEqual(upTo(36 * 37));
    }
    await forgetful.close();
  });

  test("a part put behind a tail is the bytes that it would be had it been read and written again", async () => {
    const rows = (of: Database.Database) =>
      of.prepare("SELECT start_ms, end_ms, count, typeof(blob) AS type, hex(blob) AS blob FROM tail").all();
    const path = `${file()}2`;
    for (const type of ["float", "string"] as const) {
      await archive.append([batch(type, 0, 10, type)]);
      await archive.append([batch(type, 10, 10, type)]);
    }
    const before = rows(db);
    let other = openTestDatabase(path);
    for (const type of ["float", "string"] as const) {
      for (const from of [0, 10]) {
        // Opened anew each time, it remembers nothing.
        const fresh = new SqliteArchive(other, path);
        await fresh.append([batch(type, from, 10, type)]);
        await fresh.close();
        other = openTestDatabase(path);
      }
    }
    expect(rows(other)).toEqual(before);
    expect(before).toMatchObject([{ type: "blob" }, { type: "blob" }]);
    other.close();
  });

  test("numbers turn to texts and back within what is remembered", async () => {
    await archive.append([batch("a", 0, 10)]);
    await archive.append([batch("a", 10, 10, "string")]);
    await archive.append([batch("a", 20, 10, "string")]);
    expect(await secondsOf("a")).toEqual(upTo(30).slice(10));
    await archive.append([batch("a", 30, 10)]);
    expect(await secondsOf("a")).toEqual([...upTo(10), ...upTo(40).slice(30)]);
    expect(db.prepare("SELECT type FROM series").pluck().get()).toBe("float");
  });
});
