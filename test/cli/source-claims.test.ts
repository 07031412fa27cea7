/** What the sources of a configuration may tell of. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { claimFile, claimsOf } from "../../collector/bin/source-claims.js";
import { sourcesSchema } from "../../sensors/config.js";

const claim = (source: object) => claimsOf(sourcesSchema.parse([{ name: "s", ...source }]))[0];
const xml = (more: object = {}) => claim({ type: "ganglia-xml", address: "10.0.0.1:8649", ...more });

describe("a source may tell", () => {
  test.each([
    ["a poller, of any cluster", xml(), "any", []],
    ["a poller, of none that it calls otherwise", xml({ rename: { a: "b", c: "a" } }), "any", ["c"]],
    ["a poller of sums, of none", xml({ take: "summary" }), [], []],
    ["a channel, of its own", claim({ type: "ganglia-udp", cluster: "x", listen: "239.2.11.71:8649" }), ["x"], []],
    ["a sensor, of its own", claim({ type: "sensor", cluster: "y" }), ["y"], []],
    ["files, of any", claim({ type: "ganglia-files", files: ["a.xml"] }), "any", []],
  ])("%s", (_what, { clusters, never } = { name: "", reads: "", clusters: "any", never: new Set() }, wanted, not) => {
    expect([clusters, [...never]]).toEqual([wanted, not]);
  });
});

describe("two sources read the same", () => {
  test.each<[string, object, boolean]>([
    ["under another name", { name: "t" }, true],
    ["another time as often, with other limits", { every: "1m", timeout: "5s", "size-limit": "1M" }, true],
    ["with the same renames in another order", { rename: { c: "d", a: "b" } }, true],
    ["from another address", { address: "10.0.0.2:8649" }, false],
    ["from one address more", { address: ["10.0.0.1:8649", "10.0.0.2:8649"] }, false],
    ["with another rename", { rename: { a: "b", c: "e" } }, false],
    ["only sums", { take: "summary" }, false],
  ])("%s: %s, %s", (_what, more, expected) => {
    const rename = { a: "b", c: "d" };
    expect(xml({ rename, ...more })?.reads === xml({ rename })?.reads).toBe(expected);
  });
});

test("what they told is kept in a file of the state directory, replaced as a whole", () => {
  const directory = mkdtempSync(join(tmpdir(), "grate-claims-"));
  try {
    const store = claimFile(directory);
    expect(store.load()).toBe("");
    store.save("one");
    store.save("two");
    expect([claimFile(directory).load(), readdirSync(directory)]).toEqual(["two", ["cluster-sources.json"]]);
    expect(claimFile(join(directory, "cluster-sources.json")).load()).toBe("");
  } finally {
    rmSync(directory, { recursive: true });
  }
});
