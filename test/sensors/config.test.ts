/** A corpus of `sources:` lists, named by verdict; a bad one begins with what must be said of it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { loadConfig } from "../../core/base/config/load.js";
import { sourcesSchema, withFilesIn } from "../../sensors/config.js";

const FOLDER = join(import.meta.dirname, "../fixtures/sources");
const files = readdirSync(FOLDER);

function load(file: string) {
  const text = readFileSync(join(FOLDER, file), "utf8");
  return { text, result: sourcesSchema.safeParse(parse(text)) };
}

describe("sourcesSchema", () => {
  it("has a corpus of both verdicts", () => {
    expect(files.filter((file) => file.endsWith(".good.yaml")).length).toBeGreaterThanOrEqual(5);
    expect(files.filter((file) => file.endsWith(".bad.yaml")).length).toBeGreaterThanOrEqual(20);
  });

  it.each(files.filter((file) => file.endsWith(".good.yaml")))("takes %s", (file) => {
    expect(load(file).result.error).toBeUndefined();
  });

  it.each(files.filter((file) => file.endsWith(".bad.yaml")))("refuses %s with its one message", (file) => {
    const { text, result } = load(file);
    const told = result.error?.issues.map((issue) => `${issue.path.join(".") || '""'}: ${issue.message}`);
    expect(told).toEqual([/^# expect (.*)$/m.exec(text)?.[1]]);
  });

  it("fills in what is left out", () => {
    expect(load("gmond.good.yaml").result.data).toEqual([
      {
        name: "khab",
        type: "ganglia-xml",
        address: [{ host: "10.0.0.1", port: 8649 }],
        every: 15_000,
        "connect-timeout": 5_000,
        timeout: 30_000,
        "size-limit": 128 * 2 ** 20,
        take: "detail",
      },
    ]);
  });

  it("reads every key", () => {
    expect(load("all-types.good.yaml").result.data).toEqual([
      {
        name: "khab",
        type: "ganglia-xml",
        address: [
          { host: "10.0.0.1", port: 8649 },
          { host: "fd00::2", port: 8651 },
          { host: "node3.khab", port: 8649 },
        ],
        every: 15_000,
        "connect-timeout": 2_000,
        timeout: 20_000,
        "size-limit": 256 * 2 ** 20,
        take: "detail",
        rename: { unspecified: "gpu", "old grid": "Physics" },
        tls: { cert: "tls/grate.pem", key: "/etc/grate/key.pem", ca: "tls/ca.pem", "server-name": "gmetad.khab" },
      },
      {
        name: "khab-live",
        type: "ganglia-udp",
        cluster: "khab",
        listen: { host: "239.2.11.71", port: 8649 },
        interface: "eth0",
        "metadata-from": { host: "10.0.0.1", port: 8649 },
        resolve: false,
        "receive-buffer": 8 * 2 ** 20,
        allow: ["10.0.0.0/16", "192.0.2.7", "fd00::/8"],
        "request-metadata": true,
        "legacy-os": "solaris",
      },
      {
        name: "self",
        type: "sensor",
        cluster: "servers",
        every: 30_000,
        host: "master",
        procfs: "/host/proc",
        sysfs: "/host/sys",
      },
    ]);
  });

  it("finds certificates beside the configuration file, unless their paths are absolute", () => {
    const sources = withFilesIn(load("all-types.good.yaml").result.data ?? [], "/etc/grate");
    expect(sources[0]).toMatchObject({
      tls: { cert: "/etc/grate/tls/grate.pem", key: "/etc/grate/key.pem", ca: "/etc/grate/tls/ca.pem" },
    });
    expect(sources.slice(1)).toEqual(load("all-types.good.yaml").result.data?.slice(1));
  });

  it.each([
    ["rename: { a: gpu, b: gpu }", '4:26: "a" is called "gpu" already, two names cannot become one'],
    ["rename:\n      unspecified: ''", "5:20: not usable as a name: it is empty"],
    ["tls: { cert: a.pem, key: b.pem }", '4:5: "ca" is missing, expected the path of a PEM file'],
    ["take: all", '4:11: expected detail or summary, found "all"'],
  ])("says of %j where the fault is", (line, fault) => {
    const text = `sources:\n  - name: khab\n    type: ganglia-xml\n    ${line}\n    address: "10.0.0.1:8649"\n`;
    const files = { read: () => Buffer.from(text), list: () => [] };
    const schema = z.strictObject({ sources: sourcesSchema });
    expect(() => loadConfig("grate.yaml", schema, { files })).toThrow(`grate.yaml:${fault}`);
  });

  it("can be told as a JSON schema", () => {
    const schema = z.toJSONSchema(sourcesSchema, { io: "input" });
    expect(JSON.stringify(schema)).toContain('"const":"ganglia-udp"');
  });
});
