/** What every source does, whatever it reads. Each source type runs this suite with a rig of its own. */
import { describe, expect, it } from "vitest";
import { ClusterDirectory } from "../../core/model/directory.js";
import type { Frame, FrameSink } from "../../core/model/frame.js";
import type { Source } from "../../sensors/source.js";
import type { VirtualClock } from "../support/virtual-clock.js";

export interface SourceRig {
  readonly source: Source;
  readonly clock: VirtualClock;
  /** Makes new data be there, and lets as much time pass as the source needs to hand it on. */
  feed(): Promise<void>;
}

/** @param makeRig a new source that hands its frames to the sink */
export function describeSource(type: string, makeRig: (sink: FrameSink) => Promise<SourceRig>): void {
  describe(`source contract: ${type}`, () => {
    async function setUp() {
      const frames: { source: string; timeMs: number; cells: number }[] = [];
      const clusters = new CountingSink();
      clusters.onFrame = (frame) => {
        frames.push({ source: frame.source, timeMs: frame.timeMs, cells: frame.count });
      };
      return { frames, sink: clusters, ...(await makeRig(clusters)) };
    }

    it("says what it is before it starts", async () => {
      const { source, clock } = await setUp();
      expect(source.health()).toMatchObject({ type, state: "starting", message: "", lastFrameMs: 0, frames: 0 });
      expect(source.health().name).not.toBe("");
      expect(clock.pendingTimers).toBe(0);
      await source.stop();
    });

    it("hands frames on under its name, with times of our clock", async () => {
      const { source, clock, frames, feed } = await setUp();
      await source.start();
      await feed();
      await feed();
      expect(frames.length).toBeGreaterThanOrEqual(2);
      const nowMs = clock.nowMs();
      for (const frame of frames) {
        expect(frame.source).toBe(source.health().name);
        expect(frame.cells).toBeGreaterThan(0);
        expect(frame.timeMs).toBeLessThanOrEqual(nowMs);
        expect(frame.timeMs).toBeGreaterThan(nowMs - 600_000);
      }
      await source.stop();
    });

    it("tells of its health what happened", async () => {
      const { source, frames, feed } = await setUp();
      await source.start();
      await feed();
      const health = source.health();
      expect(health).toMatchObject({ state: "ok", message: "", failures: 0, malformed: 0, frames: frames.length });
      expect(health.lastFrameMs).toBeGreaterThanOrEqual(frames.at(-1)?.timeMs ?? Number.POSITIVE_INFINITY);
      await source.stop();
    });

    it("hands nothing on after it was stopped, and leaves nothing behind", async () => {
      const { source, clock, frames, feed } = await setUp();
      await source.start();
      await feed();
      await source.stop();
      const before = frames.length;
      await feed();
      await clock.advance(3_600_000);
      expect(frames.length).toBe(before);
      expect(clock.pendingTimers).toBe(0);
      expect(source.health()).toMatchObject({ state: "stopped", frames: before });
    });

    it("can be stopped twice, at once after its start, and without one", async () => {
      const twice = await setUp();
      await twice.source.start();
      await twice.source.stop();
      await twice.source.stop();
      expect(twice.clock.pendingTimers).toBe(0);

      const together = await setUp();
      await together.source.start();
      await Promise.all([together.source.stop(), together.source.stop()]);
      expect(together.source.health().state).toBe("stopped");

      const never = await setUp();
      await never.source.stop();
      expect(never.source.health().state).toBe("stopped");
      expect(never.frames).toEqual([]);
    });

    it("outlives a sink that refuses a frame", async () => {
      const { source, frames, feed, sink } = await setUp();
      const take = sink.onFrame;
      sink.onFrame = () => {
        throw new Error("No space left on device");
      };
      await source.start();
      await feed();
      expect(source.health()).toMatchObject({ state: "failing", frames: 0 });
      expect(source.health().message).toContain("No space left on device");
      expect(source.health().failures).toBeGreaterThan(0);
      sink.onFrame = take;
      await feed();
      expect(frames.length).toBeGreaterThan(0);
      expect(source.health()).toMatchObject({ state: "ok", message: "" });
      await source.stop();
    });

    it("shares nothing with another of its type", async () => {
      const one = await setUp();
      const two = await setUp();
      await one.source.start();
      await two.source.start();
      await one.feed();
      await one.source.stop();
      await two.feed();
      expect(two.frames.length).toBeGreaterThan(0);
      expect(two.source.health().state).toBe("ok");
      await two.source.stop();
    });
  });
}

/** Directories as a collector would make them; frames go to whoever listens. */
class CountingSink implements FrameSink {
  onFrame: (frame: Frame) => void = () => {};
  readonly #directories = new Map<string, ClusterDirectory>();

  directory(clusterName: string): ClusterDirectory {
    const known = this.#directories.get(clusterName) ?? new ClusterDirectory(clusterName);
    this.#directories.set(clusterName, known);
    return known;
  }

  accept(frame: Frame): void {
    this.onFrame(frame);
  }

  acceptSums(): void {}
}
