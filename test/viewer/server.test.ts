import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../core/base/clock.js";
import { silentLogger } from "../../core/base/log.js";
import { viewerSchema } from "../../viewer/config.js";
import { Viewer } from "../../viewer/server.js";
import { EmulatedCollector, hostNames } from "../support/emulated-collector.js";
import { makeFakePublic } from "./support/fake-public.js";

let pages: ReturnType<typeof makeFakePublic>;
beforeEach(() => {
  pages = makeFakePublic();
});
afterEach(() => pages.remove());

function makeViewer(listen = "127.0.0.1:0", collector?: EmulatedCollector): Viewer {
  return new Viewer(viewerSchema.parse({ listen, collector: "127.0.0.1:1" }), {
    clock: systemClock,
    logger: silentLogger,
    publicDir: pages.dir,
    ...(collector ? { client: collector } : {}),
  });
}

test("it pulls, serves, and stops, also with a page that listens", async () => {
  const collector = new EmulatedCollector(systemClock, [{ name: "khab", hosts: hostNames(2) }]);
  const viewer = makeViewer(undefined, collector);
  await viewer.start();
  const base = `http://127.0.0.1:${viewer.address.port}`;
  const stream = await fetch(`${base}/api/v1/events`);
  expect(stream.status).toBe(200);
  while (!viewer.present.link.connected) await new Promise((resolve) => setImmediate(resolve));
  const overview = (await (await fetch(`${base}/api/v1/overview`)).json()) as { clusters: { hosts: string[] }[] };
  expect(overview.clusters[0]?.hosts).toEqual(["node001", "node002"]);
  await viewer.stop();
  await viewer.stop();
  await expect(fetch(base)).rejects.toThrow();
});

test("without a collector it is up and says so", async () => {
  const viewer = makeViewer();
  await viewer.start();
  while (viewer.present.link.error === "not connected yet") await new Promise((resolve) => setImmediate(resolve));
  const status = await (await fetch(`http://127.0.0.1:${viewer.address.port}/api/v1/status`)).json();
  expect(status).toMatchObject({ collector: { connected: false, address: "127.0.0.1:1" } });
  await viewer.stop();
});

test("a port that is taken is named", async () => {
  const first = makeViewer();
  await first.start();
  const second = makeViewer(`127.0.0.1:${first.address.port}`);
  await expect(second.start()).rejects.toThrow(
    `cannot listen on 127.0.0.1:${first.address.port} (viewer.listen or --listen): the port is taken`,
  );
  await first.stop();
});

test("pages that were not built are named with what builds them", async () => {
  rmSync(join(pages.dir, "index.html"));
  await expect(makeViewer().start()).rejects.toThrow(/npm run build/);
});
