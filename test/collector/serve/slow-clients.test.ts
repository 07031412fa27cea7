/**
 * Documents are written from a snapshot: whoever does not read costs no frame and nobody else's answer, and is gone
 * by a deadline. (In gmond such a client stops the receiver, in gmetad every thread that takes data.)
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { collectorSchema } from "../../../collector/config.js";
import { CollectorServers } from "../../../collector/serve/servers.js";
import { silentLogger } from "../../../core/base/log.js";
import type { ClusterDirectory } from "../../../core/model/directory.js";
import { ask, connected, dropped, until } from "../../support/loopback.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { makeCollector, makeFrame, meta } from "../support.js";

/** A document of 12 MB: more than the kernel holds for a client. */
const HOSTS = 200;
const METRICS = 90;
const START_MS = 1_795_291_000_000;
const FRAME_EVERY_MS = 1_000;

let stop: (() => Promise<void>) | undefined;
afterEach(() => stop?.());

async function started() {
  const stateDir = mkdtempSync(join(tmpdir(), "grate-slow-"));
  const clock = new VirtualClock(START_MS);
  const ports = { dump: "127.0.0.1:0", query: "127.0.0.1:0", control: "127.0.0.1:0" };
  const collector = makeCollector({ clock });
  const servers = new CollectorServers({
    config: collectorSchema.parse({ serve: ports }).serve,
    stateDir,
    present: collector,
    alerts: { alerts: () => [], events: () => [] },
    self: { version: "0", sources: () => [], health: () => collector.health(), families: () => [] },
    clock,
    logger: silentLogger,
  });
  await collector.start();
  await servers.start();
  stop = async () => {
    await servers.stop();
    await collector.stop();
    rmSync(stateDir, { recursive: true });
  };
  const directory = collector.directory("khab") as ClusterDirectory;
  const long = "x".repeat(400);
  for (let m = 0; m < METRICS; m++) {
    directory.describeMetric(-1, directory.column(`m${m}`, "number"), meta(`m${m}`, { extra: [["DESC", long]] }));
  }
  let frames = 0;
  const takeFrame = () => {
    frames++;
    const cells = Array.from(
      { length: HOSTS * METRICS },
      (_, i) => [`n${i % HOSTS}`, `m${Math.floor(i / HOSTS)}`, frames, clock.nowMs()] as const,
    );
    collector.accept(makeFrame(directory, { timeMs: clock.nowMs(), cells }));
  };
  takeFrame();
  return { clock, collector, servers, takeFrame, frames: () => frames };
}

describe.each(["dump", "query"] as const)("a client of %s that stops reading", (port) => {
  test("costs no frame, no other client's answer, and is dropped by the deadline", async () => {
    const { clock, collector, servers, takeFrame, frames } = await started();
    const lazy = await connected(servers.ports[port]);
    lazy.pause();
    lazy.write("/\n");
    await until(() => servers.counters[port].sentBytes > 0);
    for (let second = 1; second < 10; second++) {
      await clock.advance(FRAME_EVERY_MS);
      takeFrame();
      expect(collector.frameNumber).toBe(frames());
      const now = await ask(servers.ports.query, "/khab/n7/m3\n");
      expect(now).toContain(`<METRIC NAME="m3" VAL="${frames()}.00"`);
    }
    await until(() => servers.counters[port].clients === 1);
    const gone = dropped(lazy);
    await clock.advance(1_000);
    await until(() => servers.counters[port].clients === 0);
    expect(servers.counters[port].connections.slow).toBe(1);
    await gone;
    takeFrame();
    expect(collector.frameNumber).toBe(11);
    expect(collector.health().counters["frames"]).toBe(11);
  });
});

test("thirty such clients cost no frame either, and what is held for them has a limit", async () => {
  const { clock, collector, servers, takeFrame, frames } = await started();
  const lazy = [];
  for (let i = 0; i < 30; i++) {
    const socket = await connected(servers.ports.dump);
    socket.pause();
    lazy.push(socket);
    // Each second's document is another one.
    if (i % 6 === 5) {
      await until(() => servers.counters.dump.clients + servers.counters.dump.connections.busy === i + 1);
      await clock.advance(900);
      takeFrame();
      expect(collector.frameNumber).toBe(frames());
    }
  }
  await clock.advance(10_000);
  await until(() => servers.counters.dump.clients === 0);
  const { slow, busy } = servers.counters.dump.connections;
  expect(slow + busy).toBe(30);
  expect(await ask(servers.ports.query, "/khab/n1/m1\n")).toContain(`VAL="${frames()}.00"`);
  for (const socket of lazy) socket.destroy();
});
