/** A gmond holds its lock while it writes: the poller takes everything off it before it looks at anything. */
import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import type { ClusterDirectory } from "../../../core/model/directory.js";
import { createTcpFetch } from "../../../sensors/connections/tcp.js";
import { GangliaXmlPoller } from "../../../sensors/ganglia/xml-poller.js";
import { fixture } from "../../support/ganglia-documents.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { recordingLogger } from "../support/logger.js";
import { RecordingSink } from "../support/recording-sink.js";

/** gmond formats a line at a time and hands each to the kernel. */
const WRITE_BYTES = 200;

it("looks at nothing of a document before gmond has written and closed", async () => {
  const events: string[] = [];
  class WatchedSink extends RecordingSink {
    override directory(name: string): ClusterDirectory {
      events.push("looked at");
      return super.directory(name);
    }
  }
  const clock = new VirtualClock();
  const gmond = new PassThrough();
  gmond.on("close", () => events.push("closed"));
  const source = {
    name: "poll",
    type: "ganglia-xml" as const,
    address: [{ host: "a", port: 8649 }],
    every: 15_000,
    "connect-timeout": 5_000,
    timeout: 30_000,
    "size-limit": 2 ** 27,
    take: "detail" as const,
  };
  const sink = new WatchedSink();
  const deps = { sink, clock, logger: recordingLogger().logger };
  const poller = new GangliaXmlPoller(
    source,
    deps,
    createTcpFetch(clock, () => gmond),
  );
  await poller.start();
  await clock.advance(0);
  gmond.emit("connect");
  const document = fixture("gmond-8649.xml");
  for (let at = 0; at < document.length; at += WRITE_BYTES) {
    // Whoever does not read makes gmond wait: each write is taken before the next one.
    expect(gmond.write(document.subarray(at, at + WRITE_BYTES))).toBe(true);
    await turn();
    expect(gmond.readableLength).toBe(0);
  }
  events.push("written");
  gmond.end();
  while (sink.frames.length === 0) await turn();
  expect(events[0]).toBe("written");
  expect(events.indexOf("looked at")).toBeGreaterThan(0);
  await poller.stop();
});
