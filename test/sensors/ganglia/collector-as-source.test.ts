/** A collector that reads another one, over real connections: all of it, only its sums, and over mutual TLS. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { collectorSchema } from "../../../collector/config.js";
import { Collector } from "../../../collector/pipeline.js";
import { CollectorServers } from "../../../collector/serve/servers.js";
import { readToken } from "../../../collector/serve/token.js";
import { systemClock } from "../../../core/base/clock.js";
import { silentLogger } from "../../../core/base/log.js";
import { readStatus } from "../../../core/wire/extension/index.js";
import { GangliaXmlReader } from "../../../core/wire/ganglia/xml-reader.js";
import { type SourceConfig, sourcesSchema } from "../../../sensors/config.js";
import { createSource } from "../../../sensors/list.js";
import type { Source } from "../../../sensors/source.js";
import { findProgram } from "../../setup/peers.mjs";
import { makeAuthority } from "../../support/certificates.js";
import { fixture } from "../../support/ganglia-documents.js";
import { ask, until } from "../../support/loopback.js";
import { MemoryLogFiles } from "../../support/memory-log-files.js";

const HOSTS = 1_000;
const folder = mkdtempSync(join(tmpdir(), "grate-federation-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A gmond's document with so many copies of one captured host, cluster "probe". */
function documentOf(hosts: number, localtimeMs: number): Buffer {
  const captured = fixture("gmond-8649.xml")
    .toString("latin1")
    .replace(/LOCALTIME="\d+"/, `LOCALTIME="${Math.floor(localtimeMs / 1_000)}"`)
    .replace(/ TN="\d+"/g, ' TN="1"');
  const [host = ""] = /<HOST [\s\S]*?<\/HOST>\n/.exec(captured) ?? [];
  const [head = "", tail = ""] = captured.split(/<HOST [\s\S]*<\/HOST>\n/);
  const named = (i: number) => ` NAME="node${i}" IP="10.1.${i >> 8}.${i & 255}"`;
  const copies = Array.from({ length: hosts }, (_, i) => host.replace(/ NAME="[^"]*" IP="[^"]*"/, named(i)));
  return Buffer.from(head + copies.join("") + tail, "latin1");
}

class Machine {
  readonly collector: Collector;
  readonly servers: CollectorServers;
  readonly sources: Source[] = [];

  constructor(serve: Record<string, unknown> = {}, isPlain?: () => boolean) {
    const ports = { dump: "127.0.0.1:0", query: "127.0.0.1:0", control: "127.0.0.1:0" };
    const config = collectorSchema.parse({ serve: { ...ports, ...serve } });
    const common = { clock: systemClock, logger: silentLogger };
    this.collector = new Collector({ ...common, config, instance: "i", files: new MemoryLogFiles() });
    this.servers = new CollectorServers({
      ...common,
      config: config.serve,
      stateDir: folder,
      present: this.collector,
      alerts: { alerts: () => [], events: () => [] },
      self: {
        version: "0",
        sources: () => this.sources.map((source) => source.health()),
        health: () => this.collector.health(),
        families: () => [],
      },
      ...(isPlain === undefined ? {} : { isPlain }),
    });
  }

  async start(): Promise<void> {
    await this.collector.start();
    await this.servers.start();
  }

  async stop(): Promise<void> {
    for (const source of this.sources) await source.stop();
    await this.servers.stop();
    await this.collector.stop();
  }

  /** @returns the source after its first poll, whatever came of it */
  async poll(source: Record<string, unknown>): Promise<Source> {
    const [config] = sourcesSchema.parse([{ type: "ganglia-xml", every: "60m", ...source }]);
    const made = createSource(config as SourceConfig, {
      sink: this.collector,
      clock: systemClock,
      logger: silentLogger,
    });
    this.sources.push(made);
    await made.start();
    await until(() => made.health().state !== "starting");
    return made;
  }
}

async function withMachines(
  serve: Record<string, unknown>,
  isPlain: (() => boolean) | undefined,
  body: (below: Machine, above: Machine) => Promise<void>,
) {
  const below = new Machine(serve, isPlain);
  const above = new Machine();
  await below.start();
  await above.start();
  try {
    await body(below, above);
  } finally {
    await above.stop();
    await below.stop();
  }
}

function fill(machine: Machine, hosts: number): void {
  const nowMs = systemClock.nowMs();
  const reader = new GangliaXmlReader({ source: "gmond", sink: machine.collector });
  const report = reader.read(documentOf(hosts, nowMs), nowMs);
  expect(report).toMatchObject({ hosts, malformed: 0, complete: true });
}

describe("a collector as a source of another one", () => {
  it(`gives ${HOSTS} hosts in detail, or their sums with less than 1/50 of the bytes`, async () => {
    await withMachines({ grid: "below" }, undefined, async (below, above) => {
      fill(below, HOSTS);
      const { dump, query } = below.servers.ports;
      const detail = await above.poll({ name: "detail", address: `127.0.0.1:${dump}` });
      const summary = await above.poll({ name: "summary", address: `127.0.0.1:${query}`, take: "summary" });
      expect(detail.health()).toMatchObject({ state: "ok", message: "", malformed: 0, frames: 1 });
      expect(summary.health()).toMatchObject({ state: "ok", message: "", malformed: 0, frames: 0 });

      const sums = above.collector.reportedSums();
      const own = below.collector.summary("probe");
      expect(sums).toMatchObject([
        { kind: "grid", name: "below", source: "summary", tmaxS: 3_600, summary: { hostsUp: HOSTS, hostsDown: 0 } },
      ]);
      const plain = (metrics = own?.metrics ?? []) =>
        Object.fromEntries(
          metrics.map(({ meta, sum, num, decimals }) => [meta.name, [sum.toFixed(decimals), num, decimals]]),
        );
      expect(plain([...(sums[0]?.summary.metrics ?? [])])).toEqual(plain());
      // Detail of the same hosts gives the same sums.
      expect(plain([...(above.collector.summary("probe")?.metrics ?? [])])).toEqual(plain());

      const [detailBytes = 0, summaryBytes = 0] = [detail.health().receivedBytes, summary.health().receivedBytes];
      process.stdout.write(
        `one poll of ${HOSTS} hosts: ${detailBytes} bytes in detail, ${summaryBytes} as a summary\n`,
      );
      expect(summaryBytes).toBeGreaterThan(1_000);
      expect(summaryBytes).toBeLessThan(detailBytes / 50);
    });
  });

  it("counts every host once through three levels, the grandchild's too", async () => {
    const bottom = new Machine({ grid: "bottom" });
    await bottom.start();
    fill(bottom, 4);
    await withMachines({ grid: "middle" }, undefined, async (middle, top) => {
      fill(middle, 6);
      await middle.poll({ name: "b", address: `127.0.0.1:${bottom.servers.ports.query}`, take: "summary" });
      const { dump, query } = middle.servers.ports;
      await top.poll({ name: "m", address: `127.0.0.1:${query}`, take: "summary" });
      const [told] = top.collector.reportedSums();
      expect([told?.name, told?.summary.hostsUp, top.collector.reportedSums().length]).toEqual(["middle", 10, 1]);
      const cpus = told?.summary.metrics.find(({ meta }) => meta.name === "cpu_num");
      expect(cpus?.num).toBe(10);
      // In detail: the hosts of the middle, and the sums of the bottom.
      const other = new Machine();
      await other.start();
      await other.poll({ name: "m", address: `127.0.0.1:${dump}` });
      expect(other.collector.summary("probe")?.hostsUp).toBe(6);
      expect(other.collector.reportedSums()).toMatchObject([{ kind: "grid", name: "bottom", summary: { hostsUp: 4 } }]);
      await other.stop();
    });
    await bottom.stop();
  });

  it("says so where the address is a query port and nobody asks", async () => {
    await withMachines({}, undefined, async (below, above) => {
      const source = await above.poll({
        name: "mistaken",
        address: `127.0.0.1:${below.servers.ports.query}`,
        timeout: "1s",
      });
      expect(source.health().message).toMatch(
        /connected, but nothing came within 1s: is this a query port such as 8652/,
      );
    });
  });

  it("shows the clock of a source that is hours wrong in the status, on /metrics and in no time of a value", async () => {
    await withMachines({}, undefined, async (below, above) => {
      const gmond = createServer((socket) => socket.end(documentOf(2, systemClock.nowMs() - 7 * 3_600_000)));
      await new Promise<void>((resolve) => gmond.listen(0, "127.0.0.1", resolve));
      const address = gmond.address() as { port: number };
      const source = await above.poll({ name: "skewed", address: `127.0.0.1:${address.port}` });
      gmond.close();
      const { skewMs } = source.health();
      expect(Math.abs(skewMs + 7 * 3_600_000)).toBeLessThanOrEqual(2_000);

      const status = readStatus(await ask(above.servers.ports.query, "grate:1/status\n"));
      expect(status.sources).toMatchObject([{ name: "skewed", skewMs }]);
      const authorization = `Bearer ${await readToken(join(folder, "control.token"))}`;
      const metrics = await fetch(`http://127.0.0.1:${above.servers.ports.control}/metrics`, {
        headers: { authorization },
      });
      const text = await metrics.text();
      expect(text).toContain(`grate_source_clock_skew_seconds{source="skewed",type="ganglia-xml"} ${skewMs / 1_000}\n`);
      expect(text).toMatch(/grate_source_received_bytes_total\{source="skewed",type="ganglia-xml"\} \d{4,}\n/);
      const view = above.collector.view("probe");
      const ages = [...(view?.columns() ?? [])].map(({ timesMs }) => (systemClock.nowMs() - (timesMs[0] ?? 0)) / 1_000);
      expect(ages.length).toBe(39);
      expect(Math.max(...ages)).toBeLessThan(60);
      expect(below.collector.views()).toEqual([]);
    });
  });
});

const openssl = findProgram("openssl");

describe.skipIf(openssl === undefined)("a collector behind mutual TLS as a source (openssl)", () => {
  it("is read by who has a certificate of its authority, and by nobody else", async () => {
    const ours = makeAuthority(folder, "ours");
    const theirs = makeAuthority(folder, "theirs");
    const tls = { ...ours.sign("below.test"), ca: ours.ca };
    const client = { ...ours.sign("above.test"), ca: ours.ca, "server-name": "below.test" };
    await withMachines(
      { tls, grid: "below" },
      () => false,
      async (below, above) => {
        fill(below, 3);
        const { dump, query } = below.servers.ports;
        const detail = await above.poll({ name: "detail", address: `127.0.0.1:${dump}`, tls: client });
        const summary = await above.poll({ name: "sums", address: `127.0.0.1:${query}`, take: "summary", tls: client });
        const stranger = await above.poll({
          name: "stranger",
          address: `127.0.0.1:${dump}`,
          tls: { ...client, ...theirs.sign("x.test") },
        });
        const plain = await above.poll({ name: "plain", address: `127.0.0.1:${dump}`, timeout: "1s" });
        expect([detail, summary].map((source) => source.health().message)).toEqual(["", ""]);
        expect(above.collector.summary("probe")).toMatchObject({ hostsUp: 3 });
        expect(above.collector.reportedSums()).toMatchObject([{ name: "below", summary: { hostsUp: 3 } }]);
        expect([stranger, plain].map((source) => source.health().state)).toEqual(["failing", "failing"]);
      },
    );
  });
});
