import { describe, expect, test } from "vitest";
import type { SeriesBatch } from "../../../core/model/archive.js";
import type { Series } from "../../../core/model/series.js";
import { SampleQueue, type SampleQueueOptions } from "../../../storage/queue/sample-queue.js";
import { diskError, MemoryLogFiles } from "../../support/memory-log-files.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { KeptLog } from "../support/sqlite.js";

const START_MS = 1_700_000_000_000;

/** Sines do not pack: a record of some 8 bytes a sample. */
function batch(host: string, from: number, count: number, metric = "load_one"): SeriesBatch {
  const timesMs = Float64Array.from({ length: count }, (_, i) => START_MS + (from + i) * 15_000);
  const values = Float64Array.from({ length: count }, (_, i) => Math.sin(from + i));
  return {
    key: { cluster: "khab", host, metric },
    type: "float",
    units: " ",
    series: { kind: "number", timesMs, values },
  };
}

class Bench {
  readonly clock = new VirtualClock(START_MS);
  readonly log = new KeptLog();

  open(files: MemoryLogFiles, options: Partial<SampleQueueOptions> = {}): SampleQueue {
    return new SampleQueue({ files, bytesMax: 2 ** 30, clock: this.clock, log: this.log, name: "test", ...options });
  }
}

/** Takes all that waits. @returns "host:first+count" of each batch, in order */
function drained(queue: SampleQueue): string[] {
  const found: string[] = [];
  for (let waiting = queue.first(); waiting !== undefined; waiting = queue.first()) {
    found.push(...waiting.batches.map(told));
    queue.take(waiting.number, Number.MAX_SAFE_INTEGER);
  }
  return found;
}

function told({ key, series }: SeriesBatch): string {
  return `${key.host}:${((series.timesMs[0] as number) - START_MS) / 15_000}+${series.timesMs.length}`;
}

describe("what is put in comes out", () => {
  test("in order, bit for bit, with its names, type, units and what else is said of it; text too", () => {
    const queue = new Bench().open(new MemoryLogFiles());
    const text: Series = { kind: "text", timesMs: Float64Array.of(START_MS + 0.25), texts: ["a\0b"] };
    const given: SeriesBatch[] = [
      { ...batch("n1", 0, 3, "a/b"), tmaxS: 70, slope: "positive" },
      { ...batch("n2", 0, 3), slope: "zero" },
      { key: { cluster: "__proto__", host: "é", metric: "os" }, type: "string", units: "", series: text },
    ];
    queue.append(given);
    expect(queue.first()).toEqual({ number: 1, batches: given, taken: 0 });
  });

  test("each kind of record wait in the order of their appends", () => {
    const queue = new Bench().open(new MemoryLogFiles());
    queue.append([batch("n1", 0, 2), batch("n2", 0, 2)]);
    queue.append([batch("n1", 2, 1)]);
    expect(queue.counts.samples).toBe(5);
    expect(drained(queue)).toEqual(["n1:0+2", "n2:0+2", "n1:2+1"]);
    expect(queue.isEmpty).toBe(true);
    expect(queue.counts).toMatchObject({ samples: 0, oldestMs: 0 });
  });

  test("a part that is taken is not given again, nor counted", () => {
    const queue = new Bench().open(new MemoryLogFiles());
    queue.append([batch("n1", 0, 10)]);
    queue.take(1, 4);
    expect(queue.first()).toMatchObject({ number: 1, taken: 4 });
    expect(queue.counts.samples).toBe(6);
    queue.take(1, 2);
    expect(queue.first()?.taken).toBe(4);
    queue.take(1, 10);
    expect(queue.first()).toBeUndefined();
  });

  test("taking what is gone already is no fault", () => {
    const queue = new Bench().open(new MemoryLogFiles());
    queue.append([batch("n1", 0, 1)]);
    queue.append([batch("n1", 1, 1)]);
    queue.take(2, 1);
    queue.take(1, 1);
    expect(queue.isEmpty).toBe(true);
  });
});

describe("given again", () => {
  const cases: [name: string, again: SeriesBatch[], left: string[]][] = [
    ["the same", [batch("n1", 0, 3)], []],
    ["older", [batch("n1", -5, 3)], []],
    ["overlapping", [batch("n1", 1, 4)], ["n1:3+2"]],
    ["another host", [batch("n2", 0, 3)], ["n2:0+3"]],
    ["one series twice in one append", [batch("n3", 0, 2), batch("n3", 1, 2)], ["n3:0+2", "n3:2+1"]],
  ];
  for (const restart of [false, true]) {
    test.each(cases)(`%s${restart ? ", after a restart" : ""}`, (_, again, left) => {
      const bench = new Bench();
      const files = new MemoryLogFiles();
      let queue = bench.open(files);
      queue.append([batch("n1", 0, 3)]);
      drained(queue);
      if (restart) queue = bench.open(files.afterKill());
      queue.append(again);
      expect(drained(queue)).toEqual(left);
    });
  }

  test("series are remembered over many segments, though what they held is deleted", () => {
    const bench = new Bench();
    let files = new MemoryLogFiles();
    // Segments of a quarter of that.
    let queue = bench.open(files, { bytesMax: 40_000 });
    queue.append([batch("early", 0, 3)]);
    for (let i = 0; i < 60; i++) {
      queue.append([batch("n1", i * 100, 100)]);
      drained(queue);
    }
    expect(files.list().length).toBeLessThan(3);
    files = files.afterKill();
    queue = bench.open(files, { bytesMax: 40_000 });
    queue.append([batch("early", 0, 4)]);
    expect(drained(queue)).toEqual(["early:3+1"]);
    expect(queue.coverage?.fromMs).toBe(START_MS);
  });
});

describe("a restart", () => {
  test("keeps what waits, and from where it goes on", () => {
    const bench = new Bench();
    const files = new MemoryLogFiles();
    const before = bench.open(files);
    for (let i = 0; i < 5; i++) before.append([batch("n1", i * 10, 10)]);
    before.take(1, 10);
    before.take(2, 3);
    const queue = bench.open(files.afterKill());
    expect(queue.first()).toMatchObject({ number: 2, taken: 3 });
    expect(queue.counts.samples).toBe(37);
    expect(drained(queue)).toEqual(["n1:10+10", "n1:20+10", "n1:30+10", "n1:40+10"]);
    queue.append([batch("n1", 50, 1)]);
    expect(queue.first()?.number).toBe(6);
  });

  test("a synced record survives a power cut", () => {
    const bench = new Bench();
    const files = new MemoryLogFiles();
    bench.open(files).append([batch("n1", 0, 3)]);
    expect(drained(bench.open(files.afterPowerCut()))).toEqual(["n1:0+3"]);
  });

  test("a process killed at any byte: whole records stay, a later one is never there without an earlier one", () => {
    const bench = new Bench();
    const files = new MemoryLogFiles();
    const queue = bench.open(files);
    for (let i = 0; i < 3; i++) queue.append([batch("n1", i, 1)]);
    const [name] = files.list() as [string];
    const whole = files.bytesOf(name);
    const seen = new Set<number>();
    for (let length = 0; length <= whole.length; length++) {
      const cut = new MemoryLogFiles();
      cut.put(name, whole.subarray(0, length));
      const found = drained(bench.open(cut));
      expect(found).toEqual(["n1:0+1", "n1:1+1", "n1:2+1"].slice(0, found.length));
      seen.add(found.length);
    }
    expect([...seen]).toEqual([0, 1, 2, 3]);
  });

  test("files of another program are neither read nor written", () => {
    const files = new MemoryLogFiles();
    files.put("queue-00000001.log", Buffer.from("somebody else's"));
    expect(() => new Bench().open(files)).toThrow("GRATELOG");
    expect(Buffer.from(files.bytesOf("queue-00000001.log")).toString()).toBe("somebody else's");
  });
});

describe("limits", () => {
  test("full: the oldest samples are given up and counted, the newest stay, the files stay within the limit", () => {
    const bench = new Bench();
    const files = new MemoryLogFiles();
    const bytesMax = 60_000;
    const queue = bench.open(files, { bytesMax });
    for (let i = 0; i < 100; i++) {
      queue.append([batch("n1", i * 200, 200)]);
      const onDisk = files.list().reduce((sum, name) => sum + files.bytesOf(name).length, 0);
      expect(onDisk).toBeLessThanOrEqual(bytesMax);
    }
    const { samples, droppedFull } = queue.counts;
    expect(samples + droppedFull).toBe(20_000);
    expect(droppedFull).toBeGreaterThan(0);
    const left = drained(queue);
    expect(left.at(-1)).toBe("n1:19800+200");
    expect(left).toHaveLength(samples / 200);
    expect(bench.log.lines.some((line) => line.includes("it is full (60000 bytes)"))).toBe(true);
  });

  test("full at the start, of what an earlier process left", () => {
    const bench = new Bench();
    const files = new MemoryLogFiles();
    const before = bench.open(files, { bytesMax: 60_000 });
    for (let i = 0; i < 30; i++) before.append([batch("n1", i * 200, 200)]);
    const waited = before.counts.samples;
    const queue = bench.open(files.afterKill(), { bytesMax: 30_000 });
    expect(queue.counts.samples).toBe(waited);
    queue.append([batch("n1", 6_000, 200)]);
    expect(queue.counts.bytes).toBeLessThanOrEqual(30_000);
    expect(queue.counts.samples + queue.counts.droppedFull).toBe(waited + 200);
    expect(drained(queue).at(-1)).toBe("n1:6000+200");
  });

  test("too old: given up and counted", async () => {
    const bench = new Bench();
    const queue = bench.open(new MemoryLogFiles(), { ageMaxMs: 60_000 });
    queue.append([batch("n1", 0, 3)]);
    await bench.clock.advance(40_000);
    queue.append([batch("n1", 3, 2)]);
    await bench.clock.advance(40_000);
    expect(drained(queue)).toEqual(["n1:3+2"]);
    expect(queue.counts.droppedOld).toBe(3);
  });

  test("an append larger than the queue is refused whole", () => {
    const queue = new Bench().open(new MemoryLogFiles(), { bytesMax: 20_000 });
    expect(() => queue.append([batch("n1", 0, 5_000)])).toThrow("give them in several parts");
    expect(queue.isEmpty).toBe(true);
    queue.append([batch("n1", 0, 500)]);
    expect(queue.counts.samples).toBe(500);
  });

  test("what does not fit into memory is read back from the disk, in order", () => {
    const bench = new Bench();
    const files = new MemoryLogFiles();
    const queue = bench.open(files, { bytesMax: 400_000, memoryBytesMax: 20_000 });
    let reads = 0;
    files.before = (operation) => {
      if (operation === "read") reads++;
    };
    // More than two segments, ten times what is kept in memory.
    for (let i = 0; i < 60; i++) queue.append([batch("n1", i * 500, 500)]);
    const segments = files.list().length;
    expect(segments).toBeGreaterThan(1);
    expect(drained(queue)).toEqual(Array.from({ length: 60 }, (_, i) => `n1:${i * 500}+500`));
    // Each segment at most twice: when it was being written to, and as a whole.
    expect(reads).toBeGreaterThan(0);
    expect(reads).toBeLessThanOrEqual(2 * segments);
  });
});

describe("a failing disk", () => {
  test("an append that fails leaves nothing, given again it is there once", () => {
    const bench = new Bench();
    const files = new MemoryLogFiles();
    const queue = bench.open(files);
    queue.append([batch("n1", 0, 3)]);
    files.freeBytes = 10;
    expect(() => queue.append([batch("n1", 3, 3)])).toThrow("cannot append to the queue of test");
    expect(queue.counts.samples).toBe(3);
    files.freeBytes = Number.POSITIVE_INFINITY;
    queue.append([batch("n1", 3, 3)]);
    expect(drained(queue)).toEqual(["n1:0+3", "n1:3+3"]);
  });

  test("at every single operation of the disk: the samples are there once, before and after a restart", () => {
    // How many operations there are shows by the first run that meets no fault.
    for (let failing = 1, met = true; met; failing++) {
      const bench = new Bench();
      const files = new MemoryLogFiles();
      const queue = bench.open(files, { bytesMax: 16_000 });
      let operations = 0;
      met = false;
      files.before = () => {
        if (++operations !== failing) return;
        met = true;
        throw diskError("EIO");
      };
      for (let i = 0; i < 12; i++) {
        const given = [batch("n1", i * 40, 40)];
        try {
          queue.append(given);
        } catch {
          queue.append(given);
        }
      }
      files.before = () => {};
      expect(queue.counts.samples + queue.counts.droppedFull, `operation ${failing}`).toBe(480);
      const after = drained(bench.open(files.afterKill(), { bytesMax: 16_000 }));
      const left = drained(queue);
      expect(left.at(-1)).toBe("n1:440+40");
      expect(after).toEqual(left);
    }
  });

  test("a damaged record is counted and told, the others come", () => {
    const bench = new Bench();
    const files = new MemoryLogFiles();
    const queue = bench.open(files, { bytesMax: 400_000, memoryBytesMax: 0 });
    for (let i = 0; i < 40; i++) queue.append([batch("n1", i * 500, 500)]);
    const name = files.list().at(-1) as string;
    files.remove(name);
    const found = drained(queue);
    expect(found.length).toBeLessThan(40);
    expect(found.length * 500 + queue.counts.droppedDamaged).toBe(20_000);
    expect(bench.log.lines.some((line) => line.includes("samples are lost"))).toBe(true);
  });
});
