import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { collectorSchema } from "../../../collector/config.js";
import { CollectorServers } from "../../../collector/serve/servers.js";
import { readToken } from "../../../collector/serve/token.js";
import { silentLogger } from "../../../core/base/log.js";
import { ask, connected } from "../../support/loopback.js";
import { MadePresent } from "../../support/made-present.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const stateDir = mkdtempSync(join(tmpdir(), "grate-servers-"));
afterAll(() => rmSync(stateDir, { recursive: true }));

function made(serve: Record<string, unknown> = {}, state = stateDir) {
  const clock = new VirtualClock();
  const ports = { dump: "127.0.0.1:0", query: "127.0.0.1:0", control: "127.0.0.1:0" };
  const present = Object.assign(new MadePresent(), { history: async () => undefined });
  const servers = new CollectorServers({
    config: collectorSchema.parse({ serve: { ...ports, ...serve } }).serve,
    stateDir: state,
    present,
    alerts: { alerts: () => [], events: () => [] },
    self: {
      version: "0",
      sources: () => [],
      health: () => ({ ready: true, messages: [], counters: {} }),
      families: () => [{ name: "more_total", type: "counter", help: "More.", samples: [{ value: 3 }] }],
    },
    clock,
    logger: silentLogger,
  });
  return { servers, clock };
}

test("a grid without a name has gmetad's, and an empty collector an empty grid", async () => {
  const { servers } = made();
  await servers.start();
  const document = await ask(servers.ports.dump, "\n");
  expect(document).toMatch(/<GRID NAME="unspecified" AUTHORITY="http:\/\/[^"]+\/ganglia\/" LOCALTIME="\d+">\n<\/GRID>/);
  expect(await ask(servers.ports.query, "/?filter=summary\n")).toContain('<HOSTS UP="0" DOWN="0" SOURCE="gmetad"/>');
  await servers.stop();
});

test("the first start makes the token; stopping closes all ports and leaves no timer", async () => {
  const { servers, clock } = made();
  await servers.start();
  expect(readdirSync(stateDir)).toEqual(["control.token"]);
  const { dump, query, control } = servers.ports;
  await ask(dump, "\n");
  await servers.stop();
  await servers.stop();
  for (const port of [dump, query, control]) await expect(connected(port)).rejects.toThrow("ECONNREFUSED");
  expect(clock.pendingTimers).toBe(0);
});

test("what other parts tell stands on /metrics too, with the ports' own counts", async () => {
  const { servers } = made();
  await servers.start();
  await ask(servers.ports.query, "/\n");
  const authorization = `Bearer ${await readToken(join(stateDir, "control.token"))}`;
  const response = await fetch(`http://127.0.0.1:${servers.ports.control}/metrics`, { headers: { authorization } });
  const text = await response.text();
  expect(text).toContain("grate_more_total 3\n");
  expect(text).toContain('grate_serve_connections_total{port="query",outcome="answered"} 1\n');
  await servers.stop();
});

test.each(["dump", "query", "control"])("where the port of %s is taken, none stays open", async (name) => {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  const { servers, clock } = made({ [name]: `127.0.0.1:${port}` });
  await expect(servers.start()).rejects.toThrow(`cannot listen on 127.0.0.1:${port} (serve.${name})`);
  const others = Object.values(servers.ports).filter((other) => other !== 0);
  for (const other of others) await expect(connected(other)).rejects.toThrow("ECONNREFUSED");
  expect(clock.pendingTimers).toBe(0);
  holder.close();
});

test("without a place for the token nothing is opened", async () => {
  const { servers } = made({}, join(stateDir, "nosuch"));
  await expect(servers.start()).rejects.toThrow("cannot make");
  expect(servers.ports).toEqual({ dump: 0, query: 0, control: 0 });
  await servers.stop();
});
