/**
 * What every store of history must do, whoever made it: the Archive port
 * (core/model/archive.ts) as a suite. A store is judged by what its traits promise:
 * one that is not exact or keeps steps is asked for values nearby, one without text
 * must pass texts over.
 */
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Archive, ManySamplesQuery, SeriesBatch, SeriesQuery } from "../../core/model/archive.js";
import { bucketsOfRow } from "../../core/model/bucket-table.js";
import type { MetricType } from "../../core/model/metric.js";
import { type Buckets, bucketsOf, type Series, type SeriesKey } from "../../core/model/series.js";

export interface ArchiveHarness {
  readonly archive: Archive;
  /** The same data once more, as after a restart. The suite has closed the archive before. */
  reopen(): Promise<Archive>;
  /** For stores with a visibility delay, or that are failing: makes everything appended visible. */
  settle?(): Promise<void>;
  /** It is made to refuse now and then; it declares no delay for that. */
  readonly isFailing?: boolean;
  /** Closes what is open and removes the data. */
  cleanup(): Promise<void>;
}

/** Tuesday, 14 November 2023, 22:13:20; a multiple of all usual steps. */
const START_MS = 1_700_000_000_000 - (1_700_000_000_000 % 86_400_000);

const KEY: SeriesKey = { cluster: "khab", host: "node1", metric: "load_one" };

/** [time, value], or [time, text]. */
type Pairs<T> = readonly (readonly [timeMs: number, value: T])[];

/** From inclusive, to exclusive. */
interface Range {
  readonly fromMs?: number;
  readonly toMs?: number;
}

export function archiveContract(name: string, makeArchive: () => Promise<ArchiveHarness>): void {
  describe(`archive contract: ${name}`, () => {
    let harness: ArchiveHarness;
    let archive: Archive;
    /** Distance of samples: the store's own step, so that each keeps its value. */
    let stepMs: number;

    beforeEach(async () => {
      harness = await makeArchive();
      archive = harness.archive;
      stepMs = archive.traits.resolutionMs || 15_000;
    });
    afterEach(() => harness.cleanup());

    const at = (i: number) => START_MS + i * stepMs;
    /** One sample a step, the first at step i. */
    const run = <T>(i: number, ...values: T[]): Pairs<T> => values.map((value, k) => [at(i + k), value]);
    const everything = (key = KEY) => ({ key, fromMs: at(-10_000), toMs: at(1_000_000) });
    const settle = async () => harness.settle?.();

    async function appendNumbers(pairs: Pairs<number>, key = KEY): Promise<void> {
      await archive.append([numbers(key, pairs)]);
      await settle();
    }

    /** Reads in the range; unless the traits say otherwise every bit must be there and nothing else. */
    async function expectNumbers(pairs: Pairs<number>, range: { readonly key?: SeriesKey } & Range = {}) {
      const series = await archive.read({ ...everything(), ...range });
      const { exact, resolutionMs } = archive.traits;
      if (exact && resolutionMs === 0) expect(bitsOf(series)).toEqual(bitsOfPairs(pairs));
      else if (exact) expectStepped(series, pairs, resolutionMs);
      else expectNear(series, pairs, stepMs, range);
    }

    async function expectTexts(pairs: Pairs<string>, key = KEY) {
      const series = await archive.read(everything(key));
      if (!archive.traits.text) return expect(series).toBeUndefined();
      expect(series?.kind === "text" ? [...series.timesMs].map((time, i) => [time, series.texts[i]]) : series).toEqual(
        pairs,
      );
    }

    describe("append and read", () => {
      test("an empty archive has neither samples nor coverage", async () => {
        expect(await archive.read(everything())).toBeUndefined();
        expect(await archive.coverage()).toBeUndefined();
      });

      test("samples come back", async () => {
        await appendNumbers(run(0, 0.5, 0.75, 0.5));
        await expectNumbers(run(0, 0.5, 0.75, 0.5));
      });

      test("samples are visible by the time that the store declares", async () => {
        const { visibilityDelayMs } = archive.traits;
        await archive.append([numbers(KEY, run(0, 0.5, 0.75, 0.5))]);
        if (harness.isFailing === true) await settle();
        const untilMs = performance.now() + visibilityDelayMs;
        // A store of step rows may have the last one open.
        const isVisible = async () => (await archive.read(everything()))?.timesMs.includes(at(1)) === true;
        while (!(await isVisible()) && performance.now() < untilMs) await setTimeout(100);
        expect(await isVisible()).toBe(true);
        expect(
          visibilityDelayMs > 0 || harness.isFailing === true || harness.settle === undefined,
          "without a delay there is nothing to settle",
        ).toBe(true);
      });

      test("what is read belongs to the reader, what is given stays the giver's", async () => {
        const batch = numbers(KEY, run(0, 1, 2));
        await archive.append([batch]);
        expect([...batch.series.timesMs]).toEqual([at(0), at(1)]);
        // The giver uses the arrays again at once.
        batch.series.timesMs.fill(7);
        if (batch.series.kind === "number") batch.series.values.fill(9);
        await settle();
        (await archive.read(everything()))?.timesMs.fill(8);
        await expectNumbers(run(0, 1, 2));
      });

      test("many appends, many samples", async () => {
        const pairs: [number, number][] = Array.from({ length: 3_000 }, (_, i) => [
          at(i),
          Math.round(50 + 50 * Math.sin(i / 9)),
        ]);
        for (let from = 0; from < pairs.length; from += 37) {
          await archive.append([numbers(KEY, pairs.slice(from, from + 37))]);
        }
        await settle();
        await expectNumbers(pairs);
        await expectNumbers(pairs.slice(700, 1_900), { fromMs: at(700), toMs: at(1_900) });
      });

      test("one append of many samples", async () => {
        const pairs: [number, number][] = Array.from({ length: 5_000 }, (_, i) => [at(i), (i * 7_919) % 1_000]);
        await appendNumbers(pairs);
        await expectNumbers(pairs);
      });

      test("several series in one append keep apart", async () => {
        const keys = [KEY, { ...KEY, metric: "load_five" }, { ...KEY, host: "node2" }, { ...KEY, cluster: "other" }];
        await archive.append(keys.map((key, i) => numbers(key, run(0, i, i + 10))));
        await settle();
        for (const [i, key] of keys.entries()) await expectNumbers(run(0, i, i + 10), { key });
      });

      test("one series twice in one append", async () => {
        await archive.append([numbers(KEY, run(0, 1)), numbers(KEY, run(1, 2))]);
        await settle();
        await expectNumbers(run(0, 1, 2));
      });

      test("a series that is not there", async () => {
        await appendNumbers(run(0, 1));
        expect(await archive.read(everything({ ...KEY, host: "node9" }))).toBeUndefined();
      });

      test("no batch and a batch without samples are no fault", async () => {
        await archive.append([]);
        await archive.append([numbers(KEY, [])]);
        await settle();
        expect(await archive.read(everything())).toBeUndefined();
        expect(await archive.coverage()).toBeUndefined();
      });
    });

    describe("range [from, to)", () => {
      const cases: [name: string, from: number, to: number, found: number[]][] = [
        ["all", 0, 3, [0, 1, 2]],
        ["from is included, to is not", 1, 2, [1]],
        ["the first alone", 0, 1, [0]],
        ["the last alone", 2, 3, [2]],
        ["between two samples", 0.4, 0.6, []],
        ["a little after the first", 0.1, 2.1, [1, 2]],
        ["before all", -9, 0, []],
        ["after all", 2.1, 99, []],
        ["empty", 1, 1, []],
        ["upside down", 2, 1, []],
      ];
      test.each(cases)("%s", async (_, from, to, found) => {
        await appendNumbers(run(0, 0, 1, 2));
        const range = { fromMs: at(from), toMs: at(to) };
        if (found.length > 0)
          await expectNumbers(
            found.map((i) => [at(i), i]),
            range,
          );
        else if (archive.traits.resolutionMs === 0) expect(await archive.read({ key: KEY, ...range })).toBeUndefined();
      });

      test("without end on either side", async () => {
        await appendNumbers(run(0, 1));
        await expectNumbers(run(0, 1), { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY });
      });

      test("bounds that are no numbers find nothing", async () => {
        await appendNumbers(run(0, 1));
        expect(await archive.read({ key: KEY, fromMs: Number.NaN, toMs: Number.NaN })).toBeUndefined();
      });
    });

    describe("given again", () => {
      // Samples as "step:value".
      const FIRST = "0:1 1:2 2:3";
      const cases: [name: string, again: string, result: string][] = [
        ["the same batch", FIRST, FIRST],
        ["a part of it", "1:2", FIRST],
        ["with other values: the first ones stay", "0:9 1:9 2:9", FIRST],
        ["overlapping at the end", "1:9 2:9 3:4 4:5", `${FIRST} 3:4 4:5`],
        ["older than all", "-2:9 -1:9", FIRST],
        ["older and newer", "-1:9 3:4", `${FIRST} 3:4`],
      ];
      const placed = (text: string): Pairs<number> =>
        text.split(" ").map((sample) => {
          const [step, value] = sample.split(":").map(Number) as [number, number];
          return [at(step), value];
        });

      test.each(cases)("%s", async (_, again, result) => {
        await appendNumbers(placed(FIRST));
        await appendNumbers(placed(again));
        await expectNumbers(placed(result));
      });

      test("after a restart too", async () => {
        await appendNumbers(placed(FIRST));
        await archive.close();
        archive = await harness.reopen();
        await appendNumbers(placed(`${FIRST} 3:4`));
        await expectNumbers(placed(`${FIRST} 3:4`));
      });
    });

    describe("values", () => {
      const NAN_WITH_PAYLOAD = new Float64Array(new BigUint64Array([0x7ff8_0000_dead_beefn]).buffer)[0] as number;
      const cases: [name: string, values: number[]][] = [
        ["whole", [0, 1, -1, 255, 65_536, 2 ** 31, 2 ** 32, -(2 ** 31)]],
        ["large whole", [2 ** 52, 2 ** 53, 2 ** 53 + 2, -(2 ** 53), Number.MAX_SAFE_INTEGER]],
        ["decimal", [0.1, 0.2, 0.30000000000000004, 0.25, 99.9, 1e-7, 123456.789]],
        ["single precision", [0.1, 97.3, 3.14].map(Math.fround)],
        ["nought and minus nought", [0, -0, 0, -0, 1]],
        ["the smallest", [Number.MIN_VALUE, -Number.MIN_VALUE, 2.2250738585072014e-308, Number.EPSILON]],
        ["the largest", [1e308, -1e308, Number.MAX_VALUE, -Number.MAX_VALUE]],
        ["without end", [Number.POSITIVE_INFINITY, 1, Number.NEGATIVE_INFINITY]],
        ["no numbers", [Number.NaN, 1, Number.NaN, Number.NaN, 2]],
        ["no numbers at all", [Number.NaN, Number.NaN]],
        ["no number with a payload", [NAN_WITH_PAYLOAD, 0]],
      ];
      test.each(cases)("%s", async (_, values) => {
        const pairs: Pairs<number> = values.map((value, i) => [at(i), value]);
        await appendNumbers(pairs);
        if (archive.traits.exact) await expectNumbers(pairs);
        else expect(await archive.read(everything())).toBeDefined();
      });

      const times: [name: string, timesMs: number[]][] = [
        ["milliseconds", [1_700_000_000_001, 1_700_000_000_002, 1_700_000_000_999]],
        ["fractions of a millisecond", [1_700_000_000_000.25, 1_700_000_000_000.5]],
        ["1970 and before", [-86_400_000, -1, 0, 1]],
        ["the first and the last that a date can have", [-8.64e15, 8.64e15]],
        ["a long silence", [1_000, 2_000, 1_700_000_000_000]],
      ];
      test.each(times)("times: %s", async (_, timesMs) => {
        if (archive.traits.resolutionMs > 0) return expect(archive.traits.resolutionMs).toBeGreaterThan(0);
        const pairs: Pairs<number> = timesMs.map((timeMs, i) => [timeMs, i]);
        await appendNumbers(pairs);
        await expectNumbers(pairs, { fromMs: -8.64e15, toMs: 8.65e15 });
      });
    });

    describe("text", () => {
      const cases: [name: string, texts: string[]][] = [
        ["plain", ["Linux", "Linux", "6.1.0-18-amd64"]],
        ["empty", ["", "a", ""]],
        ["hostile", ["<b>&amp;", "'; DROP TABLE series; --", "a\0b", "a\r\nb", "\u001b[31m"]],
        ["of the world", ["Хабаровск", "漢字", "🐧", "e\u0301", "\ufeff"]],
        ["half a surrogate pair", ["\ud800", "a\udc00b", "\ufffd"]],
        ["long", ["x".repeat(100_000), "y", "x".repeat(100_000)]],
      ];
      test.each(cases)("%s", async (_, texts) => {
        const pairs: Pairs<string> = texts.map((text, i) => [at(i), text]);
        await archive.append([textBatch(KEY, pairs)]);
        await settle();
        await expectTexts(pairs);
      });

      test("many appends, with numbers beside it", async () => {
        const other = { ...KEY, metric: "cpu_num" };
        const pairs: [number, string][] = Array.from({ length: 1_500 }, (_, i) => [
          at(i),
          `state ${Math.floor(i / 100)}`,
        ]);
        for (let from = 0; from < pairs.length; from += 41) {
          const part = pairs.slice(from, from + 41);
          await archive.append([
            textBatch(KEY, part),
            numbers(
              other,
              part.map(([time], i) => [time, from + i]),
            ),
          ]);
        }
        await settle();
        await expectTexts(pairs);
        await expectNumbers(
          pairs.map(([time], i) => [time, i]),
          { key: other },
        );
      });

      test("a metric that turns from number to text and back: a read is of the kind of its newest sample", async () => {
        if (!archive.traits.text) return expect(archive.traits.text).toBe(false);
        await archive.append([numbers(KEY, run(0, 1, 2))]);
        await archive.append([textBatch(KEY, run(2, "two", "three"))]);
        await settle();
        await expectTexts(run(2, "two", "three"));
        await expectNumbers(run(0, 1, 2), { toMs: at(2) });
        await appendNumbers(run(4, 4));
        await expectNumbers([...run(0, 1, 2), ...run(4, 4)]);
        return undefined;
      });
    });

    describe("names", () => {
      const cases: [name: string][] = [
        ["../../x"],
        [".."],
        ["/etc/passwd"],
        ["a/b"],
        ["a\\b"],
        ["<b>"],
        ["'; DROP TABLE series; --"],
        ['"'],
        ["%"],
        ["*"],
        ["?"],
        [" "],
        [" a "],
        ["CON"],
        ["🐧"],
        ["Хабаровск"],
        ["e\u0301"],
        ["x".repeat(512)],
        ["漢".repeat(512)],
        ["__proto__"],
        ["constructor"],
      ];
      test.each(cases)("%j in every place", async (hostile) => {
        const keys = [
          { ...KEY, cluster: hostile },
          { ...KEY, host: hostile },
          { ...KEY, metric: hostile },
        ];
        await archive.append(keys.map((key, i) => numbers(key, run(0, i))));
        await settle();
        for (const [i, key] of keys.entries()) await expectNumbers(run(0, i), { key });
        expect(await archive.read(everything())).toBeUndefined();
      });

      const twins: [a: string, b: string][] = [
        ["a", "A"],
        ["a", "a "],
        ["a/b", "a_b"],
        ["é", "e\u0301"],
        ["%61", "a"],
        ["1", "01"],
      ];
      test.each(twins)("%j is not %j", async (a, b) => {
        await archive.append([numbers({ ...KEY, metric: a }, run(0, 1)), numbers({ ...KEY, metric: b }, run(0, 2))]);
        await settle();
        await expectNumbers(run(0, 1), { key: { ...KEY, metric: a } });
        await expectNumbers(run(0, 2), { key: { ...KEY, metric: b } });
      });

      test("a name that is refused on append is not found on read", async () => {
        await appendNumbers(run(0, 1), { ...KEY, metric: "\ufffd" });
        expect(await archive.read(everything({ ...KEY, metric: "\ud800" }))).toBeUndefined();
      });
    });

    describe("all or nothing", () => {
      const other: SeriesKey = { ...KEY, host: "node2" };
      const cases: [name: string, bad: SeriesBatch][] = [
        ["fewer values than times", raw(other, [START_MS, START_MS + 1], [1])],
        ["more values than times", raw(other, [START_MS], [1, 2])],
        ["equal times", raw(other, [START_MS, START_MS], [1, 2])],
        ["times that go back", raw(other, [START_MS + 1, START_MS], [1, 2])],
        ["a time that is no number", raw(other, [START_MS, Number.NaN], [1, 2])],
        ["a time without end", raw(other, [START_MS, Number.POSITIVE_INFINITY], [1, 2])],
        ["a time beyond all dates", raw(other, [9e15], [1])],
        ["an empty name", raw({ ...other, host: "" }, [START_MS], [1])],
        ["a name too long", raw({ ...other, host: "x".repeat(513) }, [START_MS], [1])],
        ["a control character in a name", raw({ ...other, host: "a\0b" }, [START_MS], [1])],
        ["half a surrogate pair in a name", raw({ ...other, host: "\ud800" }, [START_MS], [1])],
        ["numbers declared as text", { ...raw(other, [START_MS], [1]), type: "string" }],
        ["text declared as numbers", { ...textBatch(other, [[START_MS, "a"]]), type: "float" }],
      ];
      test.each(cases)("%s", async (_, bad) => {
        await appendNumbers(run(0, 1));
        const good = numbers(KEY, run(1, 2));
        await expect(archive.append([good, bad])).rejects.toThrow("cannot append");
        await expect(archive.append([bad, good])).rejects.toThrow("cannot append");
        await settle();
        await expectNumbers(run(0, 1));
        expect(await archive.read(everything(bad.key))).toBeUndefined();
        await appendNumbers(run(1, 2));
        await expectNumbers(run(0, 1, 2));
      });
    });

    describe("many series at once", () => {
      const OTHER_METRIC = { ...KEY, metric: "load_five" };
      const OTHER_HOST = { ...KEY, host: "node2" };
      const range = () => ({ fromMs: at(0), toMs: at(100) });

      /** Two hosts and two metrics, another cluster, and more samples than one row of any store takes. */
      async function fill() {
        const long = Array.from({ length: 1_200 }, (_, i): [number, number] => [at(i), i % 50]);
        for (let from = 0; from < long.length; from += 300) {
          const part = long.slice(from, from + 300);
          await archive.append([numbers(KEY, part), numbers(OTHER_HOST, part)]);
        }
        await archive.append([
          numbers(OTHER_METRIC, run(0, 5, 6)),
          numbers({ ...KEY, cluster: "other" }, run(0, 9)),
          textBatch({ ...KEY, metric: "os_name" }, run(0, "Linux", "Linux")),
        ]);
        await settle();
      }

      /** By name, each as read() gives it; undefined where the store cannot do more than one series at a time. */
      async function readMany(names: { host?: string; metric?: string }, more: Partial<ManySamplesQuery> = {}) {
        const query = { cluster: "khab", ...names, ...range(), samplesMax: 1e6, ...more };
        const found = await archive.readMany?.(query);
        return found === undefined ? undefined : new Map(found.map(({ name, series }) => [name, series]));
      }

      const single = (key: SeriesKey, more: Partial<SeriesQuery> = {}) => archive.read({ key, ...range(), ...more });

      test("one metric of all hosts is what each of them is alone", async () => {
        await fill();
        const found = await readMany({ metric: "load_one" });
        if (found === undefined) return;
        expect([...found.keys()].sort()).toEqual(["node1", "node2"]);
        expect(found.get("node1")).toEqual(await single(KEY));
        expect(found.get("node2")).toEqual(await single(OTHER_HOST));
      });

      test("all metrics of one host, texts where the store keeps them", async () => {
        await fill();
        const found = await readMany({ host: "node1" });
        if (found === undefined) return;
        const texts = archive.traits.text ? ["os_name"] : [];
        expect([...found.keys()].sort()).toEqual(["load_five", "load_one", ...texts]);
        for (const metric of found.keys()) expect(found.get(metric)).toEqual(await single({ ...KEY, metric }));
      });

      test.each<[string, number, number]>([
        ["the beginning", -5, 10],
        ["the middle, over several rows of the store", 250, 1_050],
        ["the end", 1_190, 2_000],
        ["one sample", 600, 601],
        ["all", -10, 2_000],
      ])("a range: %s", async (_, from, to) => {
        await fill();
        const part = { fromMs: at(from), toMs: at(to) };
        const found = await readMany({ metric: "load_one" }, part);
        if (found === undefined) return;
        expect(found.get("node1")).toEqual(await single(KEY, part));
        expect(found.get("node2")).toEqual(await single(OTHER_HOST, part));
      });

      test("a series ends earlier where the query says so", async () => {
        await fill();
        const endsMs = new Map([
          ["node2", at(3)],
          ["node1", at(0)],
        ]);
        const found = await readMany({ metric: "load_one" }, { endsMs });
        if (found === undefined) return;
        expect(found.get("node1")).toBeUndefined();
        expect(found.get("node2")).toEqual(await single(OTHER_HOST, { toMs: at(3) }));
      });

      test("nothing of an empty range, of what is not there, or of names that are none", async () => {
        await fill();
        const found = await readMany({ metric: "load_one" }, { toMs: at(0) });
        if (found === undefined) return;
        expect(found.size).toBe(0);
        expect((await readMany({ metric: "nosuch" }))?.size).toBe(0);
        expect((await readMany({ host: "\ud800" }))?.size).toBe(0);
        expect((await readMany({ host: "node1" }, { cluster: "" }))?.size).toBe(0);
      });

      test("more samples than wanted are noticed, and need not all be read", async () => {
        await fill();
        const found = await readMany({ metric: "load_one" }, { toMs: at(5_000), samplesMax: 1_000 });
        if (found === undefined) return;
        const count = [...found.values()].reduce((sum, { timesMs }) => sum + timesMs.length, 0);
        expect(count).toBeGreaterThan(1_000);
      });

      test.each<[string, { host?: string; metric?: string }]>([
        ["one metric of all hosts", { metric: "load_one" }],
        ["all metrics of one host", { host: "node1" }],
      ])("summed up by steps: %s", async (_, names) => {
        await fill();
        const part = { fromMs: at(1), toMs: at(1_100) };
        const query = { cluster: "khab", ...names, ...part, stepMs: 40 * stepMs, cellsMax: 1e6 };
        const found = await archive.bucketMany?.(query);
        if (found === undefined) return;
        const wanted = names.metric === undefined ? ["load_five", "load_one"] : ["node1", "node2"];
        expect([...found.names].sort()).toEqual(wanted);
        for (const [row, name] of found.names.entries()) {
          const key = names.metric === undefined ? { ...KEY, metric: name } : { ...KEY, host: name };
          const series = await single(key, part);
          if (series?.kind !== "number") throw new Error(`no numbers of ${name}`);
          expectBuckets(bucketsOfRow(found.table, row), bucketsOf(series, part.fromMs, part.toMs, query.stepMs));
        }
      });

      test.each<[string, number, number]>([
        ["a part", 1, 1_100],
        ["all", -10, 2_000],
        ["nothing", 5_000, 6_000],
      ])("one series alone, by both names: %s", async (_, from, to) => {
        await fill();
        const part = { fromMs: at(from), toMs: at(to) };
        const names = { cluster: "khab", host: "node1", metric: "load_one" };
        const found = await archive.bucketMany?.({ ...names, ...part, stepMs: 7 * stepMs, cellsMax: 1e6 });
        const read = await readMany(names, part);
        if (found === undefined || read === undefined) return;
        const series = await single(KEY, part);
        expect(found.names).toEqual(series === undefined ? [] : ["load_one"]);
        expect([...read.keys()]).toEqual(found.names);
        if (series?.kind !== "number") return;
        expect(read.get("load_one")).toEqual(series);
        expectBuckets(bucketsOfRow(found.table, 0), bucketsOf(series, part.fromMs, part.toMs, 7 * stepMs));
      });

      test("steps that are no multiple of the pace, values that are none, holes and jitter", async () => {
        const pairs: [number, number][] = [];
        for (let i = 0; i < 1_500; i++) {
          if (i % 97 < 5) continue;
          const jitterMs = i < 700 ? 0 : ((i * 7) % 3) * 1_000;
          pairs.push([at(i) + Math.min(jitterMs, stepMs / 2), i % 50 === 7 ? Number.NaN : Math.floor(i / 3) / 10]);
        }
        for (let i = 0; i < pairs.length; i += 333) await archive.append([numbers(KEY, pairs.slice(i, i + 333))]);
        await settle();
        const part = { fromMs: at(13) + 1, toMs: at(1_490) - 7 };
        for (const each of [stepMs, 1.7 * stepMs, 11 * stepMs + 1, 5_000 * stepMs]) {
          const query = { cluster: "khab", metric: "load_one", ...part, stepMs: each, cellsMax: 1e6 };
          const found = await archive.bucketMany?.(query);
          if (found === undefined) return;
          const series = await single(KEY, part);
          if (series?.kind !== "number") throw new Error("no numbers");
          expectBuckets(bucketsOfRow(found.table, 0), bucketsOf(series, part.fromMs, part.toMs, each));
        }
      });

      test("summed up by steps, a series ends earlier where the query says so", async () => {
        await fill();
        const query = { cluster: "khab", metric: "load_one", ...range(), stepMs: 10 * stepMs, cellsMax: 1e6 };
        const found = await archive.bucketMany?.({ ...query, endsMs: new Map([["node1", at(15)]]) });
        if (found === undefined) return;
        const { counts, steps } = found.table;
        const samples = (name: string) => {
          const row = found.names.indexOf(name);
          return counts.subarray(row * steps, (row + 1) * steps).reduce((sum, count) => sum + count, 0);
        };
        expect(samples("node1")).toBe(15);
        expect(samples("node2")).toBe(100);
      });

      test("many appends and questions at once", async () => {
        await fill();
        const asked = await Promise.all([1, 2, 3].map(() => readMany({ metric: "load_one" })));
        for (const found of asked) expect(found?.get("node1")).toEqual(asked[0]?.get("node1"));
        expect(asked.length).toBe(3);
      });
    });

    describe("coverage", () => {
      test("from the first to the last of all series, growing", async () => {
        const other = { ...KEY, host: "node2" };
        await appendNumbers([...run(10, 1), ...run(20, 2)]);
        expect(await coverage()).toEqual([10, 20]);
        await appendNumbers([...run(5, 1), ...run(15, 2)], other);
        expect(await coverage()).toEqual([5, 20]);
        await appendNumbers(run(30, 3));
        expect(await coverage()).toEqual([5, 30]);
        // Passed over: older than the newest of its series.
        await appendNumbers(run(1, 9));
        expect(await coverage()).toEqual([5, 30]);
        await archive.close();
        archive = await harness.reopen();
        expect(await coverage()).toEqual([5, 30]);
      });

      async function coverage(): Promise<number[]> {
        const found = await archive.coverage();
        return [found?.fromMs, found?.toMs].map((ms) => Math.round(((ms ?? Number.NaN) - START_MS) / stepMs));
      }
    });

    describe("life", () => {
      test("a restart keeps all", async () => {
        const pairs: [number, number][] = Array.from({ length: 1_300 }, (_, i) => [at(i), i % 17]);
        const textKey = { ...KEY, metric: "os_name" };
        await archive.append([numbers(KEY, pairs), textBatch(textKey, run(0, "Linux"))]);
        await archive.close();
        archive = await harness.reopen();
        await expectNumbers(pairs);
        await expectTexts(run(0, "Linux"), textKey);
      });

      test("appends and reads given at once are all done, in order", async () => {
        const parts = Array.from({ length: 8 }, (_, part) => run(2 * part, part, part));
        await Promise.all(parts.map((part) => archive.append([numbers(KEY, part)])));
        await settle();
        await expectNumbers(parts.flat());
      });

      test("close waits for the append under way", async () => {
        const appended = archive.append([numbers(KEY, run(0, 1))]);
        await Promise.all([archive.close(), appended]);
        archive = await harness.reopen();
        await expectNumbers(run(0, 1));
      });

      test("close twice, then every call rejects", async () => {
        await appendNumbers(run(0, 1));
        await Promise.all([archive.close(), archive.close()]);
        await archive.close();
        await expect(archive.append([numbers(KEY, run(1, 1))])).rejects.toThrow("closed");
        await expect(archive.read(everything())).rejects.toThrow("closed");
        await expect(archive.coverage()).rejects.toThrow("closed");
        const many = { cluster: "c", metric: "m", fromMs: at(0), toMs: at(1) };
        const asked = [
          archive.readMany?.({ ...many, samplesMax: 1 }),
          archive.bucketMany?.({ ...many, stepMs, cellsMax: 1 }),
        ];
        for (const promise of asked) if (promise !== undefined) await expect(promise).rejects.toThrow("closed");
      });
    });
  });
}

function raw(key: SeriesKey, timesMs: number[], values: number[]): SeriesBatch {
  const series: Series = { kind: "number", timesMs: Float64Array.from(timesMs), values: Float64Array.from(values) };
  return { key, type: "double", units: "", series };
}

function numbers(key: SeriesKey, pairs: Pairs<number>): SeriesBatch {
  return raw(
    key,
    pairs.map(([timeMs]) => timeMs),
    pairs.map(([, value]) => value),
  );
}

function textBatch(key: SeriesKey, pairs: Pairs<string>): SeriesBatch {
  const timesMs = Float64Array.from(pairs, ([timeMs]) => timeMs);
  const type: MetricType = "string";
  return { key, type, units: "", series: { kind: "text", timesMs, texts: pairs.map(([, text]) => text) } };
}

/** Sums may be added up in another order. */
function expectBuckets(found: Buckets, expected: Buckets): void {
  expect({ ...found, avg: [...found.avg].map(rounded) }).toEqual({ ...expected, avg: [...expected.avg].map(rounded) });
}

const rounded = (value: number) => Number(value.toPrecision(12));

/** Every bit counts: 0 is not -0, and NaN has many forms. */
function bitsOf(series: Series | undefined): unknown {
  if (series?.kind !== "number") return series;
  const bits = new BigUint64Array(series.values.slice().buffer);
  return [...series.timesMs].map((timeMs, i) => [timeMs, bits[i]]);
}

function bitsOfPairs(pairs: Pairs<number>): unknown {
  const bits = new BigUint64Array(Float64Array.from(pairs, ([, value]) => value).buffer);
  return pairs.map(([timeMs], i) => [timeMs, bits[i]]);
}

/** For exact stores that keep one value a step, where there was one in each: every bit of it, at a time within the step. */
function expectStepped(series: Series | undefined, pairs: Pairs<number>, resolutionMs: number): void {
  const values = (found: unknown) => (found as [number, bigint][]).map(([, bits]) => bits);
  if (series?.kind !== "number") throw new Error(`expected numbers, found ${series?.kind}`);
  expect(values(bitsOf(series))).toEqual(values(bitsOfPairs(pairs)));
  for (const [i, [timeMs]] of pairs.entries()) {
    expect(Math.abs((series.timesMs[i] as number) - timeMs), `time of sample ${i}`).toBeLessThan(resolutionMs);
  }
}

/**
 * For stores that keep averages of steps: each sample is found within a step, with its value or one between its neighbours;
 * nothing is found twice, outside of the range, or where there was no sample.
 */
function expectNear(series: Series | undefined, pairs: Pairs<number>, stepMs: number, range: Range): void {
  if (series?.kind !== "number") throw new Error(`expected numbers, found ${series?.kind}`);
  const values = pairs.map(([, value]) => value);
  for (const [i, [timeMs]] of pairs.entries()) {
    const found = series.timesMs.findIndex((each) => Math.abs(each - timeMs) <= stepMs);
    expect(found, `a value within a step of sample ${i}`).toBeGreaterThanOrEqual(0);
    const near = values.slice(Math.max(0, i - 1), i + 2);
    const slack = 1e-6 * Math.max(1, ...near.map(Math.abs));
    expect(series.values[found]).toBeGreaterThanOrEqual(Math.min(...near) - slack);
    expect(series.values[found]).toBeLessThanOrEqual(Math.max(...near) + slack);
  }
  const { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } = range;
  for (const [i, timeMs] of series.timesMs.entries()) {
    expect(timeMs >= fromMs && timeMs < toMs, `${timeMs} is in the range`).toBe(true);
    if (i > 0) expect(timeMs - (series.timesMs[i - 1] as number), "one value a step").toBeGreaterThanOrEqual(stepMs);
    expect(
      pairs.some(([given]) => Math.abs(given - timeMs) <= stepMs),
      `${timeMs} is within a step of a sample`,
    ).toBe(true);
  }
}
