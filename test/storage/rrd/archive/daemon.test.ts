/** Files by way of the real rrdcached: nothing is written by us, nothing is read stale, and what it drops is noticed. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../../core/base/clock.js";
import type { SeriesBatch } from "../../../../core/model/archive.js";
import { archivesOf } from "../../../../storage/rrd/archive/archives.js";
import { parseDaemonAddress } from "../../../../storage/rrd/archive/daemon/daemon-address.js";
import { DaemonFiles } from "../../../../storage/rrd/archive/daemon/daemon-files.js";
import { updateLines } from "../../../../storage/rrd/archive/daemon/update-lines.js";
import { RrdArchive } from "../../../../storage/rrd/archive/rrd-archive.js";
import { lastUpdateS, liveView } from "../../../../storage/rrd/commands/times.js";
import { withRrdFile } from "../../../../storage/rrd/file/rrd-file.js";
import { findProgram } from "../../../setup/peers.mjs";
import { describeWithPeers } from "../../../support/peer-test.js";
import { eventually } from "../../../support/rig/eventually.js";
import { type Running, startProcess } from "../../../support/rig/process.js";

const START_S = 1_700_000_100 - (1_700_000_100 % 600);

let folder: string;
let rrds: string;
const warnings: string[] = [];
const opened: RrdArchive[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "grate-rrdcached-"));
  rrds = join(folder, "rrds");
  mkdirSync(rrds);
  warnings.length = 0;
});
afterEach(async () => {
  for (const archive of opened.splice(0)) await archive.close();
  rmSync(folder, { recursive: true, force: true });
});

const log = { info: () => {}, warn: (message: string) => void warnings.push(message) };

function daemonFiles(address: string): DaemonFiles {
  const parsed = parseDaemonAddress(address);
  if (parsed === undefined) throw new Error(`${address} is no address`);
  return new DaemonFiles(parsed, systemClock, log);
}

/** Of loopback; taken by nobody when it was asked for. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

function open(address: string, mode: "read" | "write" = "write"): RrdArchive {
  const archive = new RrdArchive({
    directory: rrds,
    mode,
    stepS: 15,
    archivesOf: (stepS) => archivesOf(["RRA:AVERAGE:0.5:1:400"], stepS),
    lowerCaseHosts: false,
    clock: systemClock,
    log,
    random: () => 0,
    daemon: daemonFiles(address),
  });
  opened.push(archive);
  return archive;
}

const KEY = { cluster: "my cluster", host: "n 1", metric: "load one" };
const FILE = "my cluster/n 1/load one.rrd";

function batch(fromS: number, ...values: number[]): SeriesBatch {
  const timesMs = Float64Array.from(values, (_, i) => (START_S + fromS + 15 * i) * 1_000);
  return { key: KEY, type: "float", units: "", series: { kind: "number", timesMs, values: Float64Array.from(values) } };
}
const valuesOf = async (archive: RrdArchive) => {
  const series = await archive.read({ key: KEY, fromMs: 0, toMs: 9e12 });
  return series?.kind === "number" ? [...series.values].filter((value) => !Number.isNaN(value)) : [];
};

describeWithPeers("the real rrdcached", ["rrdcached"], () => {
  let place: string;
  let daemon: Running;
  /** One daemon listens on both. */
  let addresses: Readonly<Record<"socket" | "host and port", string>>;
  let address: string;
  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), "grate-rrdcached-run-"));
    const socket = join(place, "socket");
    const hostAndPort = `127.0.0.1:${await freePort()}`;
    addresses = { socket, "host and port": hostAndPort };
    const listen = ["-l", `unix:${socket}`, "-l", hostAndPort];
    const args = ["-g", ...listen, "-p", join(place, "pid"), "-w", "3600", "-f", "7200", "-b", place];
    daemon = startProcess(findProgram("rrdcached") ?? "rrdcached", args, {});
    for (const each of Object.values(addresses)) {
      await eventually(`rrdcached's answer at ${each}`, 20_000, async () => {
        const probe = daemonFiles(each);
        const isThere = await probe.flush("/none");
        probe.close();
        expect(isThere, daemon.stderr()).toBe(true);
      });
    }
  });
  afterAll(async () => {
    await daemon?.end();
    rmSync(place, { recursive: true, force: true });
  });

  const lastInFile = () => withRrdFile(join(rrds, FILE), "r", FILE, (file) => lastUpdateS(liveView(file))) - START_S;

  describe.each(["socket", "host and port"] as const)("by its %s", (kind) => {
    beforeEach(() => {
      address = addresses[kind];
    });

    test("updates wait in its memory, and a read has them all", async () => {
      const archive = open(address);
      await archive.append([batch(0, 1, 2, 3)]);
      // One step before its first sample, as it was made.
      expect(lastInFile()).toBe(-15);
      expect(await valuesOf(archive)).toEqual([1, 2, 3]);
      expect(lastInFile()).toBe(30);
      await archive.append([batch(30, 9, 4)]);
      await archive.endSpill([]);
      expect(lastInFile()).toBe(45);
      expect([await valuesOf(archive), archive.health().message, warnings]).toEqual([[1, 2, 3, 4], "", []]);
    });

    test("beside a gmetad that writes by way of it, a reader has what the daemon still holds", async () => {
      await open(address).append([batch(0, 1, 2, 3)]);
      expect(lastInFile()).toBe(-15);
      expect(await valuesOf(open(address, "read"))).toEqual([1, 2, 3]);
    });

    test("what it takes and drops is counted and told", async () => {
      const archive = open(address);
      await archive.append([batch(0, 1)]);
      expect(await valuesOf(archive)).toEqual([1]);
      // It takes words for values, and drops everything after them when it writes.
      const other = daemonFiles(address);
      other.add(join(rrds, FILE), { stepS: 15, archives: [], dataSources: [] }, [START_S + 5], []);
      await other.send();
      other.close();
      await archive.append([batch(15, 2, 3)]);
      await archive.endSpill([]);
      expect(archive.health().counters).toMatchObject({ daemonDroppedFilesTotal: 1 });
      expect(archive.health().message).toContain("wrote them up to");
      expect(warnings).toHaveLength(1);
    });

    test("an update that it refuses is named with its file", async () => {
      const archive = open(address);
      await archive.append([batch(0, 1)]);
      rmSync(join(rrds, "my cluster"), { recursive: true });
      const again = open(address);
      await again.append([batch(0, 1)]);
      rmSync(join(rrds, "my cluster"), { recursive: true });
      mkdirSync(join(rrds, "my cluster"));
      const files = daemonFiles(address);
      files.add(join(rrds, "gone away.rrd"), { stepS: 15, archives: [], dataSources: [] }, [START_S], []);
      await files.send();
      files.close();
      expect(files.counters).toMatchObject({ daemonRefusedTotal: 1, daemonLinesTotal: 1 });
      expect(files.faults[0]).toMatch(/refuses updates of .*gone\\ away\.rrd: No such file/);
    });
  });
});

describe("a daemon that is not there, or none", () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  test("costs the append, which given again is given once; a read is answered from the file", async () => {
    const socket = join(folder, "socket");
    const archive = open(socket);
    await expect(archive.append([batch(0, 1, 2)])).rejects.toThrow(/rrdcached .*socket: .*ENOENT/);
    expect(await valuesOf(archive)).toEqual([]);
    expect(archive.health().message).toContain("files are read as they are");
    const got: string[] = [];
    server = createServer((peer) => {
      peer.on("data", (data) => {
        got.push(String(data));
        peer.write(String(data).startsWith("BATCH") ? "0 Go ahead.\n0 errors\n" : "0 Nothing to flush.\n");
      });
    });
    await new Promise<void>((resolve) => server?.listen(socket, resolve));
    await archive.append([batch(0, 1, 2)]);
    const path = join(rrds, "my\\ cluster/n\\ 1/load\\ one.rrd");
    expect(got).toEqual([`BATCH\nUPDATE ${path} ${START_S}:1 ${START_S + 15}:2\n.\n`]);
    expect(await valuesOf(archive)).toEqual([]);
    expect(archive.health().message).toBe("");
  });

  test("nobody at the host and port costs the append", async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const archive = open(address);
    await expect(archive.append([batch(0, 1, 2)])).rejects.toThrow(`rrdcached ${address}: `);
    expect(await valuesOf(archive)).toEqual([]);
  });

  test.each<[string, string]>([
    ["no number", "hello\n"],
    ["too much", "x".repeat(5 * 2 ** 20)],
    ["an error", "-1 Command not allowed.\n-1 Unknown command: UPDATE\n"],
  ])("%s for an answer is refused", async (_, text) => {
    const socket = join(folder, "socket");
    server = createServer((peer) => {
      peer.on("error", () => {});
      peer.once("data", () => peer.write(text));
    });
    await new Promise<void>((resolve) => server?.listen(socket, resolve));
    await expect(open(socket).append([batch(0, 1)])).rejects.toThrow("rrdcached");
  });
});

test.each<[string, ReturnType<typeof parseDaemonAddress>]>([
  ["/run/rrdcached.sock", { path: "/run/rrdcached.sock" }],
  ["unix:/run/r.sock", { path: "/run/r.sock" }],
  ["localhost", { host: "localhost", port: 42_217 }],
  ["10.0.0.7:99", { host: "10.0.0.7", port: 99 }],
  ["[fd00::1]:99", { host: "fd00::1", port: 99 }],
  ["fd00::1", undefined],
  ["host:0", undefined],
  ["host:70000", undefined],
  ["unix:relative", undefined],
  ["", undefined],
])("%j as an address", (text, address) => {
  expect(parseDaemonAddress(text)).toEqual(address);
});

test("a long update becomes lines below 4 kB; unknown values, counters and blanks in names", () => {
  const definition = {
    stepS: 15,
    archives: [],
    dataSources: (["GAUGE", "COUNTER"] as const).map((type) => ({ name: "x", type, heartbeatS: 120, min: 0, max: 0 })),
  };
  const count = 500;
  const times = Array.from({ length: count }, (_, i) => START_S + i);
  const rows = times.flatMap((_, i) => [i === 0 ? Number.NaN : i / 8, i + 0.5]);
  const lines = updateLines("/a b.rrd", definition, times, rows);
  expect(lines.length).toBeGreaterThan(1);
  expect(
    lines.every((line) => line.length < 4_096 && line.startsWith("UPDATE /a\\ b.rrd ") && line.endsWith("\n")),
  ).toBe(true);
  const updates = lines.flatMap((line) => line.trim().split(" ").slice(3));
  expect([updates.length, updates[0], updates[1]]).toEqual([count, `${START_S}:U:1`, `${START_S + 1}:0.125:2`]);
});
