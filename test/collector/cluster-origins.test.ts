import { describe, expect, it } from "vitest";
import { ClusterOrigins } from "../../collector/cluster-origins.js";
import { collectorSchema } from "../../collector/config.js";
import { Collector } from "../../collector/pipeline.js";
import { createLogger } from "../../core/base/log.js";
import { ClusterDirectory } from "../../core/model/directory.js";
import { Frame } from "../../core/model/frame.js";
import { MemoryLogFiles } from "../support/memory-log-files.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { directoryOf } from "./support.js";

const NOW_MS = 1_700_000_000_000;

const ADVICE =
  'cluster "unspecified": sources a and b tell of different hosts under this name, which are shown as one cluster; if they are two, give one of the sources rename: { "unspecified": another name }';

/** Sources that are polled every 15 s, in turns. */
class Polled {
  readonly origins = new ClusterOrigins();
  readonly directory = new ClusterDirectory("unspecified");
  nowMs = NOW_MS;

  /** @returns the line for the log */
  hears(source: string, hosts: string, whole = true): string | undefined {
    return this.origins.note(frameOf(this.directory, source, hosts, whole), this.nowMs);
  }

  round(sources: Record<string, string>): (string | undefined)[] {
    this.nowMs += 15_000;
    return Object.entries(sources).map(([source, hosts]) => this.hears(source, hosts));
  }

  get messages(): string[] {
    return this.origins.messages(this.nowMs);
  }
}

/** Hosts are letters. */
function frameOf(directory: ClusterDirectory, source: string, hosts: string, whole = true): Frame {
  const frame = new Frame(directory, source);
  frame.timeMs = NOW_MS;
  frame.whole = whole;
  for (const host of hosts) frame.heard(directory.row(host), NOW_MS);
  return frame;
}

describe("ClusterOrigins", () => {
  it("says of two sources with different hosts under one name that they may be two clusters, once in the log", () => {
    const polled = new Polled();
    const lines = [1, 2, 3, 4].flatMap(() => polled.round({ a: "xyz", b: "pq" }));
    expect(lines.filter((line) => line !== undefined)).toEqual([ADVICE]);
    expect(polled.messages).toEqual([ADVICE]);
  });

  it.each([
    ["one source", { a: "xyz" }],
    ["two with the same hosts", { a: "xyz", b: "xyz" }],
    ["two with one host in common", { a: "xyz", b: "zpq" }],
    ["two of which one tells of part of the other's", { a: "xyz", b: "y" }],
    ["two of which one has no hosts", { a: "xyz", b: "" }],
    ["a chain of three", { a: "xy", b: "yz", c: "zw" }],
  ])("finds nothing wrong with %s", (_name, sources) => {
    const polled = new Polled();
    for (let i = 0; i < 4; i++) expect(polled.round(sources).every((line) => line === undefined)).toBe(true);
    expect(polled.messages).toEqual([]);
  });

  it("names the one of three that shares no host with the others", () => {
    const polled = new Polled();
    for (let i = 0; i < 3; i++) polled.round({ a: "xy", b: "yz", c: "pq" });
    expect(polled.messages).toEqual([expect.stringContaining("sources a and c tell of different hosts")]);
  });

  it("does not compare what is no whole document: channels, cut documents", () => {
    const polled = new Polled();
    for (let i = 0; i < 3; i++) {
      polled.round({ a: "xyz" });
      polled.hears("b", "pq", false);
    }
    expect(polled.messages).toEqual([]);
  });

  it("stops to say so when the two have a host in common", () => {
    const polled = new Polled();
    for (let i = 0; i < 3; i++) polled.round({ a: "xy", b: "pq" });
    expect(polled.messages).toHaveLength(1);
    polled.round({ a: "xy", b: "pqx" });
    expect(polled.messages).toEqual([]);
  });

  it("stops to say so when one of the two is no longer there", () => {
    const polled = new Polled();
    for (let i = 0; i < 3; i++) polled.round({ a: "xy", b: "pq" });
    const heldFor = [1, 2, 3, 4, 5, 6].map(() => {
      polled.round({ a: "xy" });
      return polled.messages.length;
    });
    expect(heldFor).toEqual([1, 1, 1, 1, 0, 0]);
  });

  it("sees hosts in rows beyond the first thirty-two, and rows that are given away", () => {
    const directory = new ClusterDirectory("unspecified");
    for (let i = 0; i < 100; i++) directory.row(`h${i}`);
    const origins = new ClusterOrigins();
    const note = (source: string, host: string, nowMs: number) => {
      const frame = new Frame(directory, source);
      frame.whole = true;
      frame.heard(directory.row(host), nowMs);
      return origins.note(frame, nowMs);
    };
    const lines = [0, 15_000].flatMap((atMs) => [note("a", "h98", NOW_MS + atMs), note("b", "h66", NOW_MS + atMs)]);
    expect(lines.filter((line) => line !== undefined)).toEqual([ADVICE]);
    note("a", "h66", NOW_MS + 30_000);
    expect(origins.messages(NOW_MS + 30_000)).toEqual([]);
  });

  it("compares no more sources than 32", () => {
    const polled = new Polled();
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`s${i}`, String.fromCharCode(65 + i)]));
    for (let i = 0; i < 3; i++) polled.round(many);
    expect(polled.messages).toHaveLength(1);
  });
});

describe("Collector, two clusters of one name", () => {
  it("says so in its log and its health, and stays ready", async () => {
    const clock = new VirtualClock(NOW_MS);
    const lines: { msg: string; level: string }[] = [];
    const logger = createLogger("test", "warn", { write: (line: string) => void lines.push(JSON.parse(line)) });
    const collector = new Collector({
      config: collectorSchema.parse({}),
      instance: "i",
      clock,
      logger,
      files: new MemoryLogFiles(),
    });
    await collector.start();
    const directory = directoryOf(collector, "unspecified");
    for (let i = 0; i < 3; i++) {
      collector.accept(frameOf(directory, "a", "xyz"));
      collector.accept(frameOf(directory, "b", "pq"));
      await clock.advance(15_000);
    }
    expect(collector.health()).toMatchObject({ ready: true, messages: [ADVICE] });
    expect(lines.map(({ msg }) => msg)).toEqual([ADVICE]);
    await clock.advance(600_000);
    expect(collector.health().messages).toEqual([]);
    await collector.stop();
  });
});
