/**
 * A new segment's checkpoint is written in pieces, frames between them. Whenever the process is killed, the next one has all
 * frames and the present; and once the checkpoint is whole the segment tells the present alone.
 */
import { beforeEach, describe, expect, it } from "vitest";
import type { Collector } from "../../../collector/pipeline.js";
import { newHostFacts } from "../../../core/model/host.js";
import { MemoryArchive } from "../../../storage/memory/memory-archive.js";
import { diskError, MemoryLogFiles } from "../../support/memory-log-files.js";
import { SlowClock } from "../../support/slow-clock.js";
import { directoryOf, makeCollector, makeFrame } from "../support.js";

const S = 1_000;
/** Hosts for two records of the directory, cells for nine of the present. */
const HOSTS = 300;
const METRICS = 60;

/** Takes nothing until it is let. */
class GatedArchive extends MemoryArchive {
  open: () => void = () => {};
  readonly gate = new Promise<void>((resolve) => {
    this.open = resolve;
  });

  override async append(batches: Parameters<MemoryArchive["append"]>[0]): Promise<void> {
    await this.gate;
    return super.append(batches);
  }
}

let clock: SlowClock;
let files: MemoryLogFiles;
let archive: GatedArchive;
let collector: Collector;
let frames: number;
const name = (host: number) => `h${host}`;

beforeEach(async () => {
  clock = new SlowClock();
  files = new MemoryLogFiles();
  archive = new GatedArchive();
  frames = 0;
  collector = makeCollector({ clock, files, archive, config: { "spill-every": "1h" } });
  await collector.start();
  await feedAll();
  await clock.advance(2 * S);
  await feedAll();
  await clock.advance(2 * S);
});

function feedAll(): void {
  const timeMs = clock.nowMs();
  frames++;
  const cells = Array.from({ length: HOSTS }, (_, host) => host).flatMap((host) =>
    Array.from({ length: METRICS }, (_, m) => [name(host), `m${m}`, frames + host / 1_000 + m, timeMs] as const),
  );
  const heard = Array.from({ length: HOSTS }, (_, host) => [name(host), timeMs] as const);
  collector.accept(
    makeFrame(directoryOf(collector), { timeMs, heard: [...heard], cells: cells.map((cell) => [...cell]) }),
  );
}

/** A frame with one value of one host. */
function feedOne(): void {
  const timeMs = clock.nowMs();
  frames++;
  const host = name(frames % HOSTS);
  collector.accept(
    makeFrame(directoryOf(collector), { timeMs, heard: [[host, timeMs]], cells: [[host, "m7", -frames, timeMs]] }),
  );
}

/** The present as text: hosts, when they were heard, and every value. */
function present(of: Collector): string[] {
  const view = of.view("c");
  if (view === undefined) return [];
  const { directory } = view;
  const rows = Array.from({ length: view.rowCount }, (_, row) => row).filter(
    (row) => directory.host(row) !== undefined && (view.reportedMs[row] as number) > 0,
  );
  return rows
    .map((row) => {
      const values = [...view.columns()].map(
        (column) =>
          `${directory.columnFacts(column.column).name}=${column.kind === "number" ? column.values[row] : ""}`,
      );
      return `${directory.host(row)?.name} ${view.reportedMs[row]} ${values.sort().join(" ")}`;
    })
    .sort();
}

async function afterKill(disk = files.afterKill()): Promise<Collector> {
  const next = makeCollector({ clock, files: disk });
  await next.start();
  return next;
}

/** Whether the newest segment tells the present without those before it. */
async function isWhole(): Promise<boolean> {
  const disk = files.afterKill();
  for (const older of disk.list().slice(0, -1)) disk.remove(older);
  const told = present(await afterKill(disk));
  return told.join() === present(collector).join();
}

/** Opens a segment and lets the log have turns of a millisecond. */
async function openSegment(): Promise<void> {
  collector.requestSpill();
  clock.costMs = 3;
  while (files.list().length < 2) await clock.advance(1);
}

describe("a checkpoint in pieces", () => {
  it("takes several turns, in which frames are taken, and is whole in the end", async () => {
    await openSegment();
    const sizes = new Set<number>();
    for (let turn = 0; turn < 200; turn++) {
      feedOne();
      await clock.advance(1);
      sizes.add([...files.files.values()].at(-1)?.bytes.length ?? 0);
    }
    expect(sizes.size).toBeGreaterThan(100);
    clock.costMs = 0;
    archive.open();
    await clock.advance(5 * S);
    expect(files.list()).toHaveLength(1);
    expect(present(await afterKill())).toEqual(present(collector));
  });

  it("killed after any turn, nothing is missing", async () => {
    await openSegment();
    const whole: boolean[] = [];
    for (let turn = 0; turn < 40; turn++) {
      feedOne();
      whole.push(await isWhole());
      const next = await afterKill();
      expect(next.frameNumber, `turn ${turn}`).toBe(collector.frameNumber);
      expect(present(next), `turn ${turn}`).toEqual(present(collector));
      expect(next.health().counters["windowFrames"]).toBe(frames);
      await next.stop();
      await clock.advance(5);
    }
    const parts = whole.indexOf(true);
    expect(parts).toBeGreaterThanOrEqual(4);
    expect(whole.slice(parts)).toEqual(whole.slice(parts).map(() => true));
  });

  it("a host that leaves, and one that comes, between two pieces", async () => {
    const directory = directoryOf(collector);
    directory.describeHost(directory.row(name(0)), { ...newHostFacts(name(0)), dmaxS: 1 });
    directory.describeHost(directory.row(name(HOSTS - 1)), { ...newHostFacts(name(HOSTS - 1)), dmaxS: 1 });
    await clock.advance(7 * S);
    await openSegment();
    const timeMs = clock.nowMs();
    frames++;
    collector.accept(makeFrame(directory, { timeMs, heard: [["new", timeMs]], cells: [["new", "m1", 5, timeMs]] }));
    while (present(collector).some((line) => line.startsWith(`${name(0)} `))) await clock.advance(1);
    expect(present(await afterKill())).toEqual(present(collector));
    clock.costMs = 0;
    archive.open();
    await clock.advance(5 * S);
    expect(files.list()).toHaveLength(1);
    const alone = present(await afterKill());
    expect(alone).toEqual(present(collector));
    expect(alone.some((line) => line.startsWith("new "))).toBe(true);
    expect(alone.some((line) => line.startsWith(`${name(0)} `))).toBe(false);
  });

  it("a disk that fails between two pieces: older segments stay until another checkpoint is whole", async () => {
    await openSegment();
    feedOne();
    files.before = (operation) => {
      if (operation === "write") throw diskError("EIO");
    };
    await clock.advance(20);
    expect(collector.health().ready).toBe(false);
    feedOne();
    expect(files.list().length).toBeGreaterThanOrEqual(2);
    files.before = () => {};
    clock.costMs = 0;
    await clock.advance(15 * S);
    expect(collector.health().ready).toBe(true);
    expect(present(await afterKill())).toEqual(present(collector));
    archive.open();
    await clock.advance(15 * S);
    expect(present(await afterKill())).toEqual(present(collector));
  });
});
