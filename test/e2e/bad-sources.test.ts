/** One good source among every kind of bad one, in a real collector: each is told in a line, the good one goes on. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWithPeers } from "../support/peer-test.js";
import { ask } from "../support/rig/ask.js";
import { eventually } from "../support/rig/eventually.js";
import { hostsOf } from "../support/rig/ganglia-document.js";
import { runGrate, startGrate, writeConfig } from "../support/rig/grate.js";
import { makeEmptyNamespace } from "../support/rig/namespaces.js";
import { type Running, runProcess, startProcess } from "../support/rig/process.js";

const SOURCES = ["unreachable", "hanging", "truncated", "endless", "not-xml", "hostile", "good"];

/** 9001 to 9007, in that order; see test/support/rig/bad-sources.mjs. */
const CONFIG = `
sources:
${SOURCES.map((name, i) => `  - { name: ${name}, type: ganglia-xml, address: "127.0.0.1:${9001 + i}", every: 1s, timeout: 2s, size-limit: 50M }`).join("\n")}
`;

interface Health {
  readonly name: string;
  readonly state: string;
  readonly message: string;
  readonly malformed: number;
  readonly frames: number;
}

describeWithPeers("bad sources", ["ip", "xmllint"], () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-bad-"));
  const running: Running[] = [];
  let machine: ReturnType<typeof makeEmptyNamespace>;
  let collector: Running;

  const query = (line: string) => ask(machine.namespace, "127.0.0.1", 8662, line);
  const health = async (): Promise<Map<string, Health>> => {
    const args = ["status", "--json", "--state", join(folder, "state")];
    const status = await runGrate(args, { namespace: machine.namespace });
    const sources: Health[] = JSON.parse(status.stdout).sources;
    return new Map(sources.map((source) => [source.name, source]));
  };
  const start = () =>
    startGrate(["collector", "-c", writeConfig(folder, CONFIG), "--state", join(folder, "state")], {
      namespace: machine.namespace,
    });

  beforeAll(async () => {
    machine = makeEmptyNamespace();
    const servers = startProcess(process.execPath, [join(import.meta.dirname, "../support/rig/bad-sources.mjs")], {
      namespace: machine.namespace,
    });
    running.push(servers);
    await eventually("the sources listen", 10_000, () => expect(servers.stdout()).toContain("ready"));
    collector = start();
    running.push(collector);
    await eventually("every source has been asked", 30_000, async () => {
      const states = [...(await health()).values()].map((source) => source.state);
      expect(states.length).toBe(SOURCES.length);
      expect(states).not.toContain("starting");
    });
  });

  afterAll(async () => {
    for (const process of running.reverse()) await process.end();
    machine?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    ["unreachable", /127\.0\.0\.1:9001.*refused/i],
    ["hanging", /127\.0\.0\.1:9002.*(time|within|after)/i],
    ["endless", /127\.0\.0\.1:9004.*(limit|more than|over)/i],
    ["not-xml", /127\.0\.0\.1:9005.*Ganglia XML.*HTTP/i],
  ])("%s: one clear line, in the status and in the log", async (name, message) => {
    await eventually("the complaint", 20_000, async () => expect((await health()).get(name)?.message).toMatch(message));
    expect((await health()).get(name)?.state).toBe("failing");
    const lines = collector
      .stderr()
      .split("\n")
      .filter((line) => line.includes(`"${name}"`));
    expect(lines.some((line) => message.test(line))).toBe(true);
    expect(lines.length).toBeLessThan(5);
  });

  test("truncated: the hosts before the cut are kept", async () => {
    const hosts = [...hostsOf(await query("/truncated")).keys()];
    expect(hosts.length).toBeGreaterThan(0);
    expect(hosts.length).toBeLessThan(3);
  });

  test("hostile names: those that are names are served, well-formed and valid; the endless one is counted", async () => {
    const document = await query("/hostile");
    expect([...hostsOf(document).keys()].sort()).toEqual(
      ["../../x", "<b>", "a/b?c%25d e", "node[1-999]", "temp\u00e9rature"].sort(),
    );
    expect((await health()).get("hostile")?.malformed).toBeGreaterThan(0);
    const file = writeConfig(folder, document, "hostile.xml");
    expect((await runProcess("xmllint", ["--valid", "--noout", file])).stderr).toBe("");
  });

  test("good: its frames go on", async () => {
    const before = (await health()).get("good") as Health;
    expect(before.state).toBe("ok");
    await eventually("more frames", 10_000, async () => {
      expect((await health()).get("good")?.frames).toBeGreaterThan(before.frames + 2);
    });
    expect(hostsOf(await query("/good")).size).toBe(3);
  });

  test("nothing stored is lost: after kill -9 the good cluster is there at once", async () => {
    await collector.end("SIGKILL");
    await running[0]?.end("SIGKILL");
    collector = start();
    running.push(collector);
    await eventually("the stored hosts", 10_000, async () => expect(hostsOf(await query("/good")).size).toBe(3));
  });
});
