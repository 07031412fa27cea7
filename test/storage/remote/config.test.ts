import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { loadConfig } from "../../../core/base/config/load.js";
import { storageSchema } from "../../../storage/config.js";
import { remoteSchema } from "../../../storage/remote/config.js";
import { temporaryDirectory } from "../support/temporary.js";

const WRITE = "http://vm:8428/api/v1/write";

test("what is not said", () => {
  expect(remoteSchema.parse({ write: WRITE })).toEqual({
    write: WRITE,
    prefix: "ganglia_",
    labels: {},
    headers: {},
    timeout: 30_000,
    "samples-per-request": 2_000,
    "visible-after": 30_000,
    queue: { dir: "remote-queue", size: 2 ** 30 },
  });
});

describe("accepted", () => {
  const cases: [name: string, input: Record<string, unknown>][] = [
    [
      "https with a path and a question",
      { write: "https://m.example.org/push?x=1", query: "https://m.example.org/prometheus" },
    ],
    ["an IPv6 address", { write: "http://[::1]:8428/api/v1/write" }],
    ["labels", { labels: { site: "north", _a9: "ü" } }],
    ["a tenant", { headers: { "X-Scope-OrgID": "khab" } }],
    ["a secret header", { headers: { "X-Key": { file: "/k" } } }],
    ["user and password", { "basic-auth": { user: "u", password: { file: "/p" } } }],
    ["a token", { "bearer-token": { file: "/t" } }],
    ["a queue", { queue: { dir: "/var/q", size: "20G", age: "7d" } }],
    ["a day", { since: "2024-02-29" }],
  ];
  test.each(cases)("%s", (_, input) => {
    expect(remoteSchema.safeParse({ write: WRITE, ...input }).error?.message).toBeUndefined();
  });
});

describe("refused", () => {
  const cases: [name: string, input: Record<string, unknown>, words: string][] = [
    ["no address", { write: undefined }, "expected a URL"],
    ["host and port alone", { write: "vm:8428" }, "expected a URL"],
    ["another scheme", { write: "ftp://vm/x" }, "expected a URL"],
    ["a user in the address", { write: "http://u:p@vm/x" }, "basic-auth"],
    ["an unknown key", { wrlte: 1 }, "wrlte"],
    ["a label that is ours", { labels: { cluster: "x" } }, "cluster, host, metric"],
    ["a label of the server's own", { labels: { __tenant__: "x" } }, "begin with __"],
    ["a label with a dash", { labels: { "a-b": "x" } }, "the name of a label"],
    ["an empty label", { labels: { a: "" } }, "a"],
    ["a prefix with a dash", { prefix: "a-" }, "letters, digits and _"],
    ["a header that is ours", { headers: { "Content-Type": "x" } }, "set by Grate"],
    ["a header with a line break", { headers: { a: "x\r\nb: y" } }, "printable ASCII"],
    ["a password in place", { "basic-auth": { user: "u", password: "p" } }, "secret"],
    [
      "both kinds of secret",
      { "basic-auth": { user: "u", password: { file: "/p" } }, "bearer-token": { file: "/t" } },
      "not both",
    ],
    ["a queue too small", { queue: { size: "10k" } }, "at least 1M"],
    ["no samples in a request", { "samples-per-request": 0 }, "samples-per-request"],
    ["a day that is none", { since: "2023-02-29" }, "expected a day"],
  ];
  test.each(cases)("%s", (_, input, words) => {
    expect(remoteSchema.safeParse({ write: WRITE, ...input }).error?.message).toContain(words);
  });
});

test("a fault is told with its place", () => {
  const directory = temporaryDirectory();
  const file = join(directory.path, "grate.yaml");
  writeFileSync(file, "storage:\n  remote:\n    write: vm:8428\n    labels: { host: x }\n    queue: { size: 1k }\n");
  const places = () => loadConfig(file, z.strictObject({ storage: storageSchema }));
  expect(places).toThrow(`${file}:3:12: `);
  expect(places).toThrow(`${file}:4:15: `);
  expect(places).toThrow(`${file}:5:20: `);
  directory.remove();
});
