import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HostTick, TickEvent } from "../../../viewer/api/answers.js";
import { type EventSink, HEARTBEAT_MS, LISTENERS_MAX, PENDING_BYTES_MAX } from "../../../viewer/http/hub.js";
import { makeAlert } from "../../support/alerts.js";
import { makeViewerApp, type ViewerApp } from "../support/viewer-app.js";

let viewer: ViewerApp;
beforeEach(async () => {
  viewer = await makeViewerApp();
  await viewer.pull();
});
afterEach(() => viewer.close());

class FakeSink implements EventSink {
  pendingBytes = 0;
  dropped = false;
  readonly texts: string[] = [];

  write(text: string): void {
    this.texts.push(text);
  }

  drop(): void {
    this.dropped = true;
  }

  /** Names and data of all events so far; comments are left out. */
  events(): { event: string; data: unknown }[] {
    return parseEvents(this.texts.join(""));
  }

  last<T>(event: string): T | undefined {
    return this.events().findLast((one) => one.event === event)?.data as T | undefined;
  }
}

function parseEvents(text: string): { event: string; data: unknown }[] {
  return text
    .split("\n\n")
    .map((block) => ({ event: /^event: (.*)$/m.exec(block)?.[1], data: /^data: (.*)$/m.exec(block)?.[1] }))
    .filter((block): block is { event: string; data: string } => block.event !== undefined && block.data !== undefined)
    .map(({ event, data }) => ({ event, data: JSON.parse(data) }));
}

function listen(interest: { metric?: string | null; host?: string; version?: string } = {}): FakeSink {
  const sink = new FakeSink();
  const { metric = "load_one", host, version = viewer.present.store.version } = interest;
  viewer.hub.add(sink, { metric, version, host: host === undefined ? undefined : { cluster: "khab", name: host } });
  return sink;
}

async function nextFrame(): Promise<void> {
  await viewer.clock.advance(15_000);
  viewer.collector.frame();
  await viewer.pull();
}

describe("ticks", () => {
  test("a page that is up to date hears how the collector is, and nothing else", () => {
    expect(listen().events()).toEqual([{ event: "link", data: expect.objectContaining({ connected: true }) }]);
  });

  test("one that missed something is told to read again", () => {
    const sink = listen({ version: "emul1-0" });
    expect(sink.last("resync")).toEqual({ version: "emul1-1" });
  });

  test("a frame: the values of the chosen metric that changed, and everybody's state", async () => {
    const sink = listen();
    viewer.collector.silence("node002");
    await nextFrame();
    const tick = sink.last<TickEvent>("tick");
    expect(tick?.version).toBe("emul1-2");
    const [khab] = tick?.clusters ?? [];
    expect(khab?.at).toEqual([0, 2]);
    expect(khab?.values.length).toBe(2);
    expect(khab?.states).toBe("uuu");
    const column = viewer.present.store.clusters.get("khab")?.findColumn("load_one", "number");
    expect(khab?.values).toEqual([column?.values[0], column?.values[2]]);
    expect(sink.texts.at(-1)).toMatch(/^id: emul1-2\n/);
  });

  test("each page gets its own metric, none gets no values", async () => {
    const idle = listen({ metric: "cpu_idle" });
    const constant = listen({ metric: "cpu_num" });
    const none = listen({ metric: null });
    await nextFrame();
    expect(idle.last<TickEvent>("tick")?.clusters[0]?.at).toEqual([0, 1, 2]);
    expect(constant.last<TickEvent>("tick")?.clusters[0]?.at).toEqual([]);
    expect(none.last<TickEvent>("tick")?.clusters[0]).toMatchObject({ at: [], states: "nnn" });
  });

  test("a host page gets all metrics of its host that changed", async () => {
    const sink = listen({ host: "node001" });
    await nextFrame();
    const tick = sink.last<HostTick>("host");
    const names = tick?.metrics.map((metric) => metric.name) ?? [];
    expect(names).toContain("load_one");
    expect(names).not.toContain("cpu_num");
    expect(tick).toMatchObject({ state: "up", reportedMs: viewer.clock.nowMs() });
  });

  test("a host that is not there (any more) is said so", async () => {
    const sink = listen({ host: "nobody" });
    await nextFrame();
    expect(sink.last("host-gone")).toEqual({ cluster: "khab", host: "nobody" });
  });

  test("alerts come without waiting for a frame", async () => {
    const sink = listen();
    viewer.collector.alertList = [makeAlert()];
    viewer.present.setAlerts(await viewer.collector.alerts(200, undefined));
    expect(sink.last("alerts")).toMatchObject({ firing: 1, critical: 1 });
    expect(sink.last<TickEvent>("tick")?.clusters[0]?.alerts).toBe("c--");
  });

  test("the collector goes and comes back", async () => {
    const sink = listen();
    viewer.present.disconnected("connect ECONNREFUSED");
    viewer.present.disconnected("connect ECONNREFUSED");
    expect(sink.events().filter((one) => one.event === "link").length).toBe(2);
    expect(sink.last("link")).toMatchObject({ connected: false, error: "connect ECONNREFUSED" });
    await viewer.pull();
    expect(sink.last("link")).toMatchObject({ connected: true });
  });
});

describe("limits", () => {
  test("a page that reads too slowly is dropped, the others go on", async () => {
    const slow = listen();
    const quick = listen();
    slow.pendingBytes = PENDING_BYTES_MAX + 1;
    await nextFrame();
    expect(slow.dropped).toBe(true);
    expect(viewer.hub.size).toBe(1);
    expect(quick.last("tick")).toBeDefined();
    expect(viewer.hub.dropped).toBe(1);
  });

  test("no more pages than the limit, and a place that is left is free again", () => {
    const leave: ((() => void) | undefined)[] = [];
    for (let i = 0; i < LISTENERS_MAX; i++) {
      leave.push(viewer.hub.add(new FakeSink(), { metric: null, host: undefined, version: "" }));
    }
    expect(viewer.hub.hasRoom).toBe(false);
    expect(viewer.hub.add(new FakeSink(), { metric: null, host: undefined, version: "" })).toBeUndefined();
    leave[0]?.();
    expect(viewer.hub.hasRoom).toBe(true);
  });

  test("the heart beats while nothing happens, and stops with the hub", async () => {
    const sink = listen();
    const before = sink.texts.length;
    await viewer.clock.advance(2 * HEARTBEAT_MS);
    expect(sink.texts.slice(before)).toEqual([": alive\n\n", ": alive\n\n"]);
    await viewer.hub.stop();
    expect(sink.dropped).toBe(true);
    expect(viewer.clock.pendingTimers).toBe(0);
  });
});

describe("over HTTP", () => {
  test("a stream, resumed by what the browser had last", async () => {
    const base = await viewer.app.listen({ host: "127.0.0.1", port: 0 });
    const stopping = new AbortController();
    const response = await fetch(`${base}/api/v1/events?since=old&metric=load_one`, {
      headers: { accept: "text/event-stream", "last-event-id": "emul1-1" },
      signal: stopping.signal,
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'self'");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader?.read())?.value ?? "";
    // Up to date: no resync.
    expect(parseEvents(text).map((one) => one.event)).toEqual(["link"]);
    await nextFrame();
    while (!text.includes("event: tick")) text += (await reader?.read())?.value ?? "";
    expect(viewer.hub.size).toBe(1);
    stopping.abort();
    while (viewer.hub.size > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(viewer.hub.size).toBe(0);
  });

  test("no room: 503 and when to come back", async () => {
    for (let i = 0; i < LISTENERS_MAX; i++) listen();
    const response = await viewer.app.inject({ url: "/api/v1/events", headers: { host: "localhost" } });
    expect(response.statusCode).toBe(503);
    expect(response.headers["retry-after"]).toBe("60");
  });

  test.each(["?host=a", "?metric=", "?nonsense=1"])("refused: %s", async (query) => {
    const response = await viewer.app.inject({ url: `/api/v1/events${query}`, headers: { host: "localhost" } });
    expect(response.statusCode).toBe(400);
  });
});
