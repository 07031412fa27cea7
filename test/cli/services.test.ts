/** The real programs, built: collector, start and sensor as processes, with a made-up gmond to read from. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../support/rig/eventually.js";
import { grate, type RunningGrate, startGrate } from "./front-door.js";

/** Three hosts. */
const DOCUMENT = readFileSync("test/fixtures/ganglia-3.7.2/gmond-8649.xml");
const HOSTS = ["10.77.0.11", "10.77.0.12", "10.77.0.13"];

let directory: string;
let gmond: Server;
let gmondPort: number;
const running: RunningGrate[] = [];
const taken: Server[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "grate-services-"));
  gmond = createServer((socket) => socket.on("error", () => {}).end(DOCUMENT));
  gmondPort = await listenAnywhere(gmond);
});

afterEach(async () => {
  for (const process of running.splice(0)) await process.end("SIGKILL");
  for (const server of [gmond, ...taken.splice(0)]) await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true });
});

function listenAnywhere(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

/** A port that somebody has, until the test ends; not the gmond's, which is a source and would be refused before. */
async function takenPort(): Promise<number> {
  const server = createServer();
  taken.push(server);
  return await listenAnywhere(server);
}

/** Ports that nobody has at the moment. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(servers.map(listenAnywhere));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

const anywhere = { dump: 0, query: 0, control: 0, viewer: 0 };

function writeConfig(ports: typeof anywhere, more = ""): string {
  const file = join(directory, "grate.yaml");
  writeFileSync(
    file,
    `sources:
  - { name: made, type: ganglia-xml, address: "127.0.0.1:${gmondPort}", every: 1s }
serve: { dump: "127.0.0.1:${ports.dump}", query: "127.0.0.1:${ports.query}", control: "127.0.0.1:${ports.control}" }
viewer: { listen: "127.0.0.1:${ports.viewer}" }
${more}`,
  );
  return file;
}

const state = () => join(directory, "state");

function start(...args: readonly string[]): RunningGrate {
  const process = startGrate(args);
  running.push(process);
  return process;
}

/** JSON lines so far. */
function logLines(process: RunningGrate): Record<string, unknown>[] {
  return process
    .stderr()
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line));
}

const says = (text: string) => (process: RunningGrate) => process.stderr().includes(text);

async function startCollector(file: string): Promise<{ collector: RunningGrate; query: string; control: string }> {
  const collector = start("collector", "-c", file, "--state", state());
  await collector.until(says('"msg":"polling"'));
  const ports = logLines(collector).find((line) => line["msg"] === "serving") ?? {};
  return { collector, query: `127.0.0.1:${ports["query"]}`, control: `127.0.0.1:${ports["control"]}` };
}

describe("collector", () => {
  test("answers the terminal commands, and stops at SIGTERM with 0", async () => {
    const file = writeConfig(anywhere, "triggers: [{ name: there, when: cpu_num > 0 }]\n");
    const { collector, query, control } = await startCollector(file);

    const hosts = JSON.parse(grate(["hosts", "--query", query, "--json"]).stdout).hosts;
    expect(hosts).toEqual(HOSTS.map((host) => expect.objectContaining({ host, state: "up", cpus: 2 })));
    const table = grate(["hosts", "--query", query]).stdout.split("\n");
    expect(table[1]).toMatch(/^HOST +STATE +AGE +CPUS +LOAD1 +CPU% +MEM%/);

    const alerts = JSON.parse(grate(["alerts", "--query", query, "--json", "--events", "5"]).stdout);
    expect(alerts.alerts).toEqual(HOSTS.map((host) => expect.objectContaining({ host, trigger: "there" })));
    expect(alerts.events).toEqual([3, 2, 1].map((sequence) => expect.objectContaining({ kind: "fired", sequence })));
    expect(grate(["alerts", "--query", query, "--no-header"]).stdout).toMatch(
      /^warning +firing +\S+ +there +10\.77\.0\.\[11-13\] +cpu_num > 0\n$/,
    );

    const byToken = JSON.parse(
      grate(["status", "--query", "127.0.0.1:1", "--control", control, "--state", state(), "--json"]).stdout,
    );
    expect(byToken).toMatchObject({ faults: [], sources: [{ name: "made", state: "ok" }] });
    const byQuery = JSON.parse(grate(["status", "--query", query, "--control", control, "--json"]).stdout);
    expect(byQuery.sources).toMatchObject([{ name: "made", state: "ok" }]);
    expect(byQuery).not.toHaveProperty("faults");

    const { code, stdout } = await collector.end();
    expect([code, stdout]).toEqual([0, ""]);
    expect(logLines(collector).at(-1)).toMatchObject({ level: "info", component: "collector", msg: "stopped" });
  });

  test("a second one on the same state ends with 1 and names the first", async () => {
    const file = writeConfig(anywhere);
    const { collector } = await startCollector(file);
    const { code, stdout, stderr } = grate(["collector", "-c", file, "--state", state()]);
    expect([code, stdout]).toEqual([1, ""]);
    const holder = `process ${collector.pid} (grate collector -c ${file}), since `;
    expect(stderr).toMatch(/^grate: .*\n$/);
    expect(stderr).toContain(`the state directory ${state()} is in use by ${holder}`);
  });

  test("after a kill -9 the next one takes over and goes on counting", async () => {
    const file = writeConfig(anywhere);
    const first = await startCollector(file);
    const frameOf = (query: string) => JSON.parse(grate(["status", "--query", query, "--json"]).stdout).frame;
    const before = frameOf(first.query);
    await first.collector.end("SIGKILL");
    const second = await startCollector(file);
    expect(frameOf(second.query)).toBeGreaterThan(before);
    expect(before).toBeGreaterThan(0);
  });

  test("SIGHUP: a bad file is refused with its place, a good one is taken over, and status says how it stands", async () => {
    const file = writeConfig(anywhere);
    const { collector, query, control } = await startCollector(file);
    const notes = () =>
      JSON.parse(grate(["status", "--query", query, "--control", control, "--state", state(), "--json"]).stdout).notes;

    writeConfig(anywhere, "windos: 1h\n");
    collector.signal("SIGHUP");
    await collector.until(says("the configuration in force stays"));
    const refusal = logLines(collector).find((line) => line["at"] !== undefined);
    expect(refusal).toMatchObject({ level: "error", at: `${file}:5:1` });
    expect(JSON.parse(grate(["status", "--query", query, "--json"]).stdout).sources).toHaveLength(1);
    expect(notes()).toEqual([
      expect.stringMatching(
        /^configuration: refused at .* UTC, the one before stays in force: .*:5:1: unknown key "windos"/,
      ),
    ]);

    writeConfig(anywhere, "window: 2h\ntriggers: [{ name: there, when: cpu_num > 0 }]\n");
    collector.signal("SIGHUP");
    await collector.until(says("window: the change needs a restart"));
    const taken = logLines(collector).find((line) => line["msg"] === "configuration read anew");
    expect(taken).toMatchObject({ changes: ["triggers changed"] });
    expect(notes()).toEqual(["configuration: the change of window needs a restart"]);
    const { alerts } = JSON.parse(grate(["alerts", "--query", query, "--json"]).stdout);
    expect(alerts.map((alert: { host: string }) => alert.host)).toEqual(HOSTS);
  });

  test("SIGHUP: with a source that is removed its cluster goes and its alerts end, and a restart brings neither back", async () => {
    const other = createServer((socket) => {
      socket
        .on("error", () => {})
        .end(DOCUMENT.toString("latin1").replace('CLUSTER NAME="probe"', 'CLUSTER NAME="other"'));
    });
    const port = await listenAnywhere(other);
    try {
      const file = writeConfig(anywhere, "triggers: [{ name: there, when: cpu_num > 0 }]\n");
      const one = readFileSync(file, "utf8");
      const source = `  - { name: other, type: ganglia-xml, address: "127.0.0.1:${port}", every: 1s }\n`;
      writeFileSync(file, one.replace("serve:", `${source}serve:`));
      const { collector, query } = await startCollector(file);
      const clusters = (of: string) =>
        JSON.parse(grate(["status", "--query", of, "--json"]).stdout).clusters.map(
          ({ name }: { name: string }) => name,
        );
      const alerts = (of: string) =>
        JSON.parse(grate(["alerts", "--query", of, "--json"]).stdout).alerts.map(
          ({ cluster }: { cluster: string }) => cluster,
        );
      await eventually("alerts of both clusters", 10_000, () =>
        expect(alerts(query).sort()).toEqual(["other", "other", "other", "probe", "probe", "probe"]),
      );
      writeFileSync(file, one);
      collector.signal("SIGHUP");
      await collector.until(says("cluster left: no source of the configuration tells of it"));
      expect([clusters(query), alerts(query)]).toEqual([["probe"], ["probe", "probe", "probe"]]);
      await collector.end("SIGKILL");
      const next = await startCollector(file);
      expect([clusters(next.query), alerts(next.query)]).toEqual([["probe"], ["probe", "probe", "probe"]]);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  test("a cluster whose source was removed while it was stopped is gone at the start, and so are its alerts", async () => {
    const file = writeConfig(anywhere, "triggers: [{ name: there, when: cpu_num > 0 }]\n");
    const { collector, query } = await startCollector(file);
    expect(JSON.parse(grate(["alerts", "--query", query, "--json"]).stdout).alerts).toHaveLength(3);
    // Written down with the next sync.
    await eventually("it is written down who told of what", 10_000, () =>
      expect(readFileSync(join(state(), "cluster-sources.json"), "utf8")).toContain('"probe"'),
    );
    await collector.end("SIGKILL");
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace(
        / {2}- \{ name: made.*/,
        "  - { name: self, type: sensor, cluster: own, every: 1s }",
      ),
    );
    const next = start("collector", "-c", file, "--state", state());
    await next.until(says("the collector works"));
    expect(next.stderr()).toContain("cluster left: no source of the configuration tells of it");
    const at = logLines(next).find((line) => line["msg"] === "serving") ?? {};
    const asked = grate(["alerts", "--query", `127.0.0.1:${at["query"]}`, "--json"]).stdout;
    expect(JSON.parse(asked).alerts.map(({ cluster }: { cluster: string }) => cluster)).not.toContain("probe");
  });

  test("a port that is taken ends it with 1 and one line", async () => {
    const file = writeConfig({ ...anywhere, query: await takenPort() });
    const { code, stderr } = grate(["collector", "-c", file, "--state", state(), "--log-level", "silent"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^grate: cannot listen on 127\.0\.0\.1:\d+ \(serve\.query\): the port is taken.*\n$/);
  });

  test("a state directory that is none ends it with 1 and one line", () => {
    const file = writeConfig(anywhere);
    const { code, stderr } = grate(["collector", "-c", file, "--state", file]);
    expect([code, stderr]).toEqual([1, `grate: cannot use the state directory ${file}: it is not a directory\n`]);
  });

  test("a file without sources ends it with 78", () => {
    const file = join(directory, "empty.yaml");
    writeFileSync(file, "window: 1h\n");
    const { code, stderr } = grate(["collector", "-c", file, "--state", state()]);
    expect(code).toBe(78);
    expect(stderr).toBe(`${file}:1:1: "sources" is empty or missing, expected at least one source to collect from\n`);
  });
});

describe("start", () => {
  async function startBoth() {
    const [dump = 0, query = 0, control = 0, viewer = 0] = await freePorts(4);
    const file = writeConfig({ dump, query, control, viewer });
    const both = start("start", "-c", file, "--state", state(), "--log-level", "info");
    await both.until((process) => process.stdout() !== "");
    return { both, file, query, url: `http://127.0.0.1:${viewer}/` };
  }

  const children = (pid: number) =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ").filter(Boolean).map(Number);
  const isAlive = (pid: number) => {
    try {
      return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
    } catch {
      return false;
    }
  };
  const status = (url: string) =>
    new Promise((resolve) => {
      get(url, { agent: false }, (response) => resolve(response.resume().statusCode)).on("error", resolve);
    });

  test("prints the URL alone when there are data, and SIGTERM stops both", async () => {
    const { both, url } = await startBoth();
    expect(both.stdout()).toBe(`${url}\n`);
    expect(await status(url)).toBe(200);
    const pids = children(both.pid);
    expect(pids).toHaveLength(2);
    const { code, stdout } = await both.end();
    expect([code, stdout]).toEqual([0, `${url}\n`]);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test("a second one on the same state ends with 1 and names the first", async () => {
    const { both, file } = await startBoth();
    const { code, stdout, stderr } = grate(["start", "-c", file, "--state", state()]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`is in use by process ${both.pid} (grate start -c ${file})`);
  });

  test("a collector that dies is started again", async () => {
    const { both, query } = await startBoth();
    const [collector = 0] = children(both.pid);
    process.kill(collector, "SIGKILL");
    await both.until((process) => process.stderr().split("the collector works").length > 2);
    expect(children(both.pid)).not.toContain(collector);
    expect(grate(["hosts", "--query", `127.0.0.1:${query}`]).code).toBe(0);
  });

  test("when the parent is killed, both end", async () => {
    const { both } = await startBoth();
    const pids = children(both.pid);
    // The pipe of stderr closes when the last child ends; init takes its moment to bury them.
    await both.end("SIGKILL");
    await eventually("both are gone", 10_000, () => expect(pids.filter(isAlive)).toEqual([]));
    expect(both.stderr()).toContain("the parent is gone");
  });

  test("a collector that cannot start ends it with its code and its line", async () => {
    const file = writeConfig({ ...anywhere, query: await takenPort() });
    const { code, stdout, stderr } = grate(["start", "-c", file, "--state", state(), "--log-level", "silent"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^grate: cannot listen on 127\.0\.0\.1:\d+ \(serve\.query\): the port is taken.*\n$/);
  });
});

describe("sensor", () => {
  test("serves what a gmond serves, refuses a port that is taken, stops at SIGTERM", async () => {
    const [port = 0] = await freePorts(1);
    const listen = `127.0.0.1:${port}`;
    const sensor = start("sensor", "--listen", listen);
    await sensor.until(says("the sensor serves"));
    let text = "";
    for await (const chunk of connect(port, "127.0.0.1")) text += chunk;
    expect(text).toMatch(/<GANGLIA_XML VERSION="[\d.]+" SOURCE="gmond">\s*<CLUSTER NAME="local"/);

    const { code, stderr } = grate(["sensor", "--listen", listen]);
    expect(code).toBe(1);
    expect(stderr).toContain(`grate: cannot listen on ${listen}: the port is taken, most likely by a gmond`);
    expect((await sensor.end()).code).toBe(0);
  });
});

test("state directories of collectors that never met do not meet", async () => {
  mkdirSync(join(directory, "other"));
  const file = writeConfig(anywhere);
  await startCollector(file);
  const other = start("collector", "-c", file, "--state", join(directory, "other"));
  await other.until(says('"msg":"polling"'));
  expect((await other.end()).code).toBe(0);
});
