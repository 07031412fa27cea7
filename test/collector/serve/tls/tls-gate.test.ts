/** Both ports with mutual TLS, as another machine sees them: on the loopback, told that nobody is local. */
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { collectorSchema } from "../../../../collector/config.js";
import type { PortCounters } from "../../../../collector/serve/counters.js";
import { CollectorServers } from "../../../../collector/serve/servers.js";
import { createLogger } from "../../../../core/base/log.js";
import { findProgram } from "../../../setup/peers.mjs";
import { type Authority, type CertificateFiles, makeAuthority } from "../../../support/certificates.js";
import { ask, connected, dropped, until } from "../../../support/loopback.js";
import { MadeCluster, metaOf } from "../../../support/made-cluster.js";
import { MadePresent } from "../../../support/made-present.js";
import { VirtualClock } from "../../../support/virtual-clock.js";

const NONE = { answered: 0, refused: 0, busy: 0, rejected: 0, slow: 0, left: 0 };
const START_MS = 1_795_291_000_000;

describe.skipIf(findProgram("openssl") === undefined)("dump and query with serve.tls", () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-tls-"));
  let ours: Authority;
  let server: CertificateFiles;
  let client: CertificateFiles;
  let stranger: CertificateFiles;
  let servers: CollectorServers | undefined;

  beforeAll(() => {
    ours = makeAuthority(folder, "ours");
    [server, client] = [ours.sign("server"), ours.sign("client")];
    stranger = makeAuthority(folder, "theirs").sign("client");
  });
  afterEach(() => servers?.stop());
  afterAll(() => rmSync(folder, { recursive: true }));

  /** @param plain "loopback" leaves the choice to the servers; "nobody" makes the loopback another machine */
  function made(serve: Record<string, unknown> = {}, plain: "loopback" | "nobody" = "nobody") {
    const clock = new VirtualClock(START_MS);
    const lines: string[] = [];
    const khab = new MadeCluster("khab").frame(1, START_MS);
    khab.host("n1");
    for (let i = 0; i < 500; i++) khab.set("n1", metaOf(`m${i}`), i);
    const present = Object.assign(new MadePresent(), { history: async () => undefined });
    present.clusters.push(khab);
    const ports = { dump: "127.0.0.1:0", query: "127.0.0.1:0", control: "127.0.0.1:0" };
    const tls = { cert: server.cert, key: server.key, ca: ours.ca };
    servers = new CollectorServers({
      config: collectorSchema.parse({ serve: { ...ports, tls, ...serve } }).serve,
      stateDir: folder,
      ...(plain === "loopback" ? {} : { isPlain: () => false }),
      present,
      alerts: { alerts: () => [], events: () => [] },
      self: {
        version: "0",
        sources: () => [],
        health: () => ({ ready: true, messages: [], counters: {} }),
        families: () => [],
      },
      clock,
      logger: createLogger("test", "warn", { write: (line) => void lines.push(line) }),
    });
    return { servers, clock, lines };
  }

  async function started(...args: Parameters<typeof made>) {
    const all = made(...args);
    await all.servers.start();
    return { ...all, ...all.servers.ports };
  }

  /** What a client gets, or why it gets nothing. */
  async function askTls(port: number, line: string, with_: CertificateFiles | undefined, more: ConnectionOptions = {}) {
    const identity = with_ === undefined ? {} : { cert: readFileSync(with_.cert), key: readFileSync(with_.key) };
    const socket = connectTls({
      port,
      host: "127.0.0.1",
      servername: "server",
      ca: readFileSync(ours.ca),
      ...identity,
      ...more,
    });
    let failure = "";
    let text = "";
    socket.on("error", (error: NodeJS.ErrnoException) => {
      failure = error.code ?? error.message;
    });
    socket.setEncoding("latin1").on("data", (part: string) => {
      text += part;
    });
    if (line !== "") socket.write(line);
    await new Promise((resolve) => socket.once("close", resolve));
    return { text, failure };
  }

  /** The port's own count, once all its clients have gone. */
  async function counted(port: "dump" | "query"): Promise<PortCounters["connections"]> {
    const counters = (): PortCounters => {
      const { [port]: found } = (servers as CollectorServers).counters;
      return found;
    };
    await until(() => counters().clients === 0);
    return counters().connections;
  }

  test("a peer with a certificate of the authority is answered, on both ports, to the last byte", async () => {
    const { dump, query } = await started();
    const dumped = await askTls(dump, "", client);
    expect(dumped.text).toMatch(/^<\?xml[\s\S]*<\/GANGLIA_XML>\n$/);
    expect(dumped.failure).toBe("");
    const asked = await askTls(query, "/khab/n1/m7\n", client);
    expect(asked.text).toContain('<METRIC NAME="m7" VAL="7"');
    expect((await askTls(query, "GET /khab HTTP/1.0\r\n\r\n", client)).text).toContain("</GANGLIA_XML>");
    expect((await askTls(query, "grate:1/status\n", client)).text).toContain("</GRATE_XML>");
    expect(await counted("dump")).toEqual({ ...NONE, answered: 1 });
    expect(await counted("query")).toEqual({ ...NONE, answered: 3 });
  });

  test("TLS 1.2 is spoken as well, 1.1 is not", async () => {
    const { query } = await started();
    expect((await askTls(query, "/khab\n", client, { maxVersion: "TLSv1.2" })).text).toContain("</GANGLIA_XML>");
    const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    expect((await askTls(query, "/khab\n", client, old)).text).toBe("");
    expect(await counted("query")).toEqual({ ...NONE, answered: 1, refused: 1 });
  });

  test.each<[string, () => CertificateFiles | undefined]>([
    ["no certificate", () => undefined],
    ["a certificate of another authority", () => stranger],
  ])("a peer with %s gets nothing, is counted, and told of once a minute", async (_what, identity) => {
    const { dump, query, lines } = await started();
    for (let i = 0; i < 3; i++) {
      expect((await askTls(query, "/khab\n", identity())).text).toBe("");
    }
    expect((await askTls(dump, "", identity())).text).toBe("");
    expect(await counted("query")).toEqual({ ...NONE, refused: 3 });
    expect(await counted("dump")).toEqual({ ...NONE, refused: 1 });
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ port: "query", peer: "127.0.0.1", reason: expect.stringMatching(/./) }),
      expect.objectContaining({ port: "dump" }),
    ]);
  });

  test.each<[string, string]>([
    ["a plain query", "/khab\n"],
    ["plain HTTP", "GET / HTTP/1.0\r\n\r\n"],
    ["junk", "\u0016\u0003junk\n".repeat(1_000)],
  ])("%s gets nothing", async (_what, request) => {
    const { query } = await started();
    expect(await ask(query, request)).not.toContain("GANGLIA");
    expect(await counted("query")).toEqual({ ...NONE, refused: 1 });
  });

  test.each(["dump", "query"] as const)(
    "a silent peer is dropped from %s by the deadline of the handshake",
    async (name) => {
      const all = await started();
      const silent = await connected(all[name]);
      await until(() => all.servers.counters[name].clients === 1);
      await all.clock.advance(9_999);
      expect(all.servers.counters[name].clients).toBe(1);
      const gone = dropped(silent);
      await all.clock.advance(1);
      await gone;
      expect(await counted(name)).toEqual({ ...NONE, refused: 1 });
      expect(all.lines.join()).toContain("no TLS handshake within 10 s");
    },
  );

  test("a peer that goes in the middle of its handshake leaves nothing behind the deadline", async () => {
    const { query, clock, servers: stopping } = await started();
    const leaving = await connected(query);
    leaving.write(Buffer.from("16030100c8010000c40303", "hex"));
    await until(() => stopping.counters.query.clients === 1);
    leaving.destroy();
    await clock.advance(10_000);
    expect(await counted("query")).toEqual({ ...NONE, refused: 1 });
    expect(clock.pendingTimers).toBe(0);
  });

  test("a secured client that does not read is dropped, as others are", async () => {
    const { query, clock, servers: all } = await started();
    const lazy: TLSSocket = connectTls({
      port: query,
      host: "127.0.0.1",
      servername: "server",
      ca: readFileSync(ours.ca),
      cert: readFileSync(client.cert),
      key: readFileSync(client.key),
      // There the client is done when the server is; in 1.3 before.
      maxVersion: "TLSv1.2",
    });
    lazy.on("error", () => {});
    await once(lazy, "secureConnect");
    await until(() => all.counters.query.clients === 1);
    await clock.advance(10_000);
    await until(() => all.counters.query.clients === 0);
    expect(all.counters.query.connections).toEqual({ ...NONE, slow: 1 });
    lazy.destroy();
  });

  test("this machine stays on plain TCP, for gstat and ganglia-web", async () => {
    const { dump, query } = await started({}, "loopback");
    expect(await ask(dump, "\n")).toMatch(/<\/GANGLIA_XML>\n$/);
    expect(await ask(query, "/khab\n")).toMatch(/<\/GANGLIA_XML>\n$/);
    expect(await counted("query")).toEqual({ ...NONE, answered: 1 });
  });

  test("stop drops those in a handshake and those who are served, and leaves no timer", async () => {
    const { query, clock, servers: stopping } = await started();
    const silent = await connected(query);
    await until(() => stopping.counters.query.clients === 1);
    const gone = dropped(silent);
    await stopping.stop();
    await gone;
    await until(() => stopping.counters.query.clients === 0);
    expect(clock.pendingTimers).toBe(0);
  });

  test("a wrong file stops the start and opens no port", async () => {
    const wrong = made({ tls: { cert: server.cert, key: join(folder, "nosuch.key"), ca: ours.ca } });
    await expect(wrong.servers.start()).rejects.toThrow(
      `cannot read serve.tls.key: ${join(folder, "nosuch.key")}: there is no such file`,
    );
    expect(wrong.servers.ports).toEqual({ dump: 0, query: 0, control: 0 });
  });

  test("a key that others can read is told of at the start", async () => {
    chmodSync(server.key, 0o644);
    const { lines } = await started();
    chmodSync(server.key, 0o600);
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
      `serve.tls.key: ${server.key} has mode 0644: others can use it, expected 0600`,
    ]);
  });
});
