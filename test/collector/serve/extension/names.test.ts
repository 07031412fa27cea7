/** Names that Ganglia's grammar cannot carry, and names that look like our own lines. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  formatRequest,
  NOW,
  RefusedError,
  readChanges,
  readHistory,
  readMetadata,
  readStatus,
} from "../../../../core/wire/extension/index.js";
import { startExtensionServer } from "../../../support/extension-server.js";
import { ask } from "../../../support/loopback.js";
import { MadeCluster, metaOf } from "../../../support/made-cluster.js";

/** Of clusters, hosts and metrics alike. */
const NAMES = [
  "grate:1",
  "grate:1/changes",
  "grate:1/changes?since=x-1",
  "status",
  "changes",
  "a/b",
  "x y",
  "?filter=summary",
  "100%",
  "%41",
  "*",
  "..",
  "узел \u{1F525}",
  `<"'&>`,
  "a&cluster=b",
];

let served: Awaited<ReturnType<typeof startExtensionServer>>;
beforeEach(async () => {
  served = await startExtensionServer();
  for (const [i, name] of NAMES.entries()) {
    const cluster = new MadeCluster(name).frame(i + 1, served.clock.nowMs());
    for (const host of NAMES) {
      cluster.host(host);
      for (const metric of NAMES.slice(0, 4)) cluster.set(host, metaOf(metric), i);
    }
    cluster.set(name, metaOf(name), i);
    served.present.clusters.push(cluster);
    served.present.taken(cluster);
  }
});
afterEach(() => served.stop());

const question = (line: string) => ask(served.port, `${line}\n`);
const clustersOf = (text: string) => [...text.matchAll(/<CLUSTER NAME="([^"]*)"/g)].map(([, name]) => name);
const count = (text: string, tag: string) => text.split(`<${tag} `).length - 1;
/** As in an attribute. */
const escaped = (name: string) =>
  [...name]
    .map((char) => {
      const named = { "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "&": "&amp;" }[char];
      return named ?? ((char.codePointAt(0) as number) > 126 ? `&#${char.codePointAt(0)};` : char);
    })
    .join("");

describe.each(NAMES)("%j", (name) => {
  test("as a cluster, a host and a metric in Ganglia's own words", async () => {
    const whole = await question(formatRequest({ verb: "ganglia", path: [name], summary: false }));
    expect(clustersOf(whole)).toEqual([escaped(name)]);
    expect(count(whole, "HOST")).toBe(NAMES.length);
    const host = await question(formatRequest({ verb: "ganglia", path: [name, name], summary: false }));
    expect(host).toContain(`<HOST NAME="${escaped(name)}"`);
    expect(count(host, "HOST")).toBe(1);
    const metric = await question(formatRequest({ verb: "ganglia", path: [name, name, name], summary: false }));
    expect([count(metric, "HOST"), count(metric, "METRIC")]).toEqual([1, 1]);
    expect(metric).toContain(`<METRIC NAME="${escaped(name)}"`);
  });

  test("as a cluster in our own words", async () => {
    const cluster = name;
    const changes = readChanges(
      await question(formatRequest({ verb: "changes", since: undefined, waitMs: 0, cluster })),
    );
    expect(changes.clusters.map((one) => one.name)).toEqual([name]);
    expect(changes.clusters[0]?.hosts.map(({ facts }) => facts.name)).toEqual(NAMES);
    const metadata = readMetadata(await question(formatRequest({ verb: "metadata", cluster, hosts: true })));
    expect(metadata.clusters.map((one) => [one.name, one.hostNames])).toEqual([[name, NAMES]]);
    const line = formatRequest({ verb: "history", cluster, host: name, metric: name, from: { agoMs: 1_000 }, to: NOW });
    expect(readHistory(await question(line))).toMatchObject({ cluster: name, metric: name });
  });
});

describe("no cluster stands in the way of the extension, nor the extension in the way of a cluster", () => {
  test.each(["grate:1", "status", "a/b", "x y"])("the path /%s is a cluster, as for gmetad", async (name) => {
    // gmetad's grammar parts at slashes: of "a/b" it knows nothing and gives all.
    expect(clustersOf(await question(`/${name}`)).length).toBe(name.includes("/") ? NAMES.length : 1);
  });

  test("the path /grate:1/changes is a host of the cluster grate:1", async () => {
    const text = await question("/grate:1/changes");
    expect(clustersOf(text)).toEqual(["grate:1"]);
    expect(text).toContain('<HOST NAME="changes"');
    expect(count(text, "HOST")).toBe(1);
  });

  test("without a slash it is the extension, whatever clusters are called", async () => {
    expect(readChanges(await question("grate:1/changes")).clusters.length).toBe(NAMES.length);
    expect(readStatus(await question("grate:1/status")).clusters.length).toBe(NAMES.length);
  });
});

describe("the answer by names is the answer by path", () => {
  test.each<[string, string]>([
    ["/", "grate:1/ganglia"],
    ["/?filter=summary", "grate:1/ganglia?filter=summary"],
    ["/status", "grate:1/ganglia?cluster=status"],
    ["/status?filter=summary", "grate:1/ganglia?cluster=status&filter=summary"],
    ["/status/changes", "grate:1/ganglia?cluster=status&host=changes"],
    ["/status/changes/status", "grate:1/ganglia?cluster=status&host=changes&metric=status"],
  ])("%s", async (path, line) => {
    const text = await question(line);
    expect(text).toContain("<GANGLIA_XML");
    expect(text).toBe(await question(path));
  });
});

describe("a name that does not exist is told as that, where a path falls back", () => {
  test.each<[string, string]>([
    ["grate:1/ganglia?cluster=nosuch", 'no cluster "nosuch", expected one that the verb metadata names'],
    ["grate:1/ganglia?cluster=nosuch&host=status", 'no cluster "nosuch"'],
    ["grate:1/ganglia?cluster=status&host=no%2Fsuch", 'no host "no/such"'],
    ["grate:1/ganglia?cluster=status&host=status&metric=nosuch", 'no metric "nosuch"'],
    ["grate:1/ganglia?cluster=STATUS", 'no cluster "STATUS"'],
  ])("%s", async (line, message) => {
    const text = await question(line);
    expect(() => readStatus(text)).toThrow(RefusedError);
    expect(() => readStatus(text)).toThrow(message);
    expect(text).toContain('CODE="not-found"');
  });

  test("sums that a source reports have no hosts", async () => {
    served.present.sums.push({
      kind: "grid",
      name: "far away/grid",
      source: "s",
      authority: "http://far/",
      facts: { owner: "", latlong: "", url: "" },
      timeMs: served.clock.nowMs(),
      tmaxS: 15,
      summary: { hostsUp: 3, hostsDown: 1, metrics: [] },
    });
    expect(await question("grate:1/ganglia?cluster=far%20away%2Fgrid")).toContain('<GRID NAME="far away/grid"');
    const text = await question("grate:1/ganglia?cluster=far%20away%2Fgrid&host=h");
    expect(() => readStatus(text)).toThrow('no host "h"');
  });
});
