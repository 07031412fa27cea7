/**
 * Every kind of answer in Ganglia's words, with the worst names and texts that can get in, is valid by the DTD that
 * it carries, in the eyes of xmllint; and what was said comes back out of it through a parser that is not ours.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collectorSchema } from "../../../collector/config.js";
import { CollectorServers } from "../../../collector/serve/servers.js";
import { summarize } from "../../../collector/table/summary.js";
import { silentLogger } from "../../../core/base/log.js";
import { METRIC_TYPES, SLOPES } from "../../../core/model/metric.js";
import { findProgram } from "../../setup/peers.mjs";
import { ask } from "../../support/loopback.js";
import { MadeCluster, metaOf } from "../../support/made-cluster.js";
import { MadePresent } from "../../support/made-present.js";
import { madeSums } from "../../support/made-sums.js";
import { hostsOf } from "../../support/rig/ganglia-document.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const NOW_MS = 1_795_291_000_000;

/** Names may not hold control characters; they are refused where they enter. */
const NAMES = [
  "plain",
  `<b>&amp;"quoted"'`,
  "]]> <!-- --> <?pi?> %s%n",
  "t\u00e9mp\u00e9rature \u0443\u0437\u0435\u043b \u96c6\u7fa4",
  "\u{1f5a5}\ufe0f\u{1f468}\u200d\u{1f469}\u200d\u{1f467}",
  "../../etc/passwd",
  "\ufffe\uffff\u2028\u00a0",
  "x".repeat(512),
  "\u{1f5a5}".repeat(256),
  "&".repeat(512),
];
/** Texts, units, extra data and facts of hosts and clusters may hold anything. */
const TEXT = `<&>"' ]]> \u0000\u0001\u0007\u001b\u007f\u0085\ud800\udfff\ufffe\uffff\t\r\n \u00e9 \u96c6 \u{1f5a5} &#1; &nope;`;

/** With room for a word before it. */
const shortened = (name: string) => [...name].slice(5).join("");

/** In the bare form many of these cannot be asked for; HTTP takes any name. */
const get = (...path: string[]) => `GET /${path.map(encodeURIComponent).join("/")} HTTP/1.0\r\n\r\n`;

const QUESTIONS: readonly string[] = [
  "/\n",
  "/?filter=summary\n",
  "/plain\n",
  "/plain?filter=summary\n",
  "/plain/plain\n",
  "/plain/plain/plain\n",
  "/nosuch\n",
  "/grid of sums\n",
  "/grid of sums?filter=summary\n",
  "/status is a cluster\n",
  "GET / HTTP/1.0\r\n\r\n",
  "GET /?filter=summary HTTP/1.0\r\n\r\n",
  "GET /nosuch HTTP/1.0\r\n\r\n",
  "GET /* HTTP/1.0\r\n\r\n",
  "GET /*/* HTTP/1.0\r\n\r\n",
  "GET /*/*/plain HTTP/1.0\r\n\r\n",
  "GET /*?filter=summary HTTP/1.0\r\n\r\n",
  "GET /plain/nosuch HTTP/1.0\r\n\r\n",
  ...NAMES.flatMap((name) => [get(name), get(name, name), get(name, name, name), get(`grid ${shortened(name)}`)]),
];

describe.skipIf(findProgram("xmllint") === undefined)("xmllint --valid accepts", () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-valid-"));
  const present = Object.assign(new MadePresent(), { history: async () => undefined });
  const clock = new VirtualClock(NOW_MS);
  let servers: CollectorServers;

  beforeAll(async () => {
    for (const name of [...NAMES, "status is a cluster"]) present.clusters.push(hostileCluster(name));
    for (const cluster of present.clusters) present.summaries.set(cluster.directory.name, summarize(cluster, NOW_MS));
    present.sums.push(...hostileSums());
    const ports = { dump: "127.0.0.1:0", query: "127.0.0.1:0", control: "127.0.0.1:0" };
    servers = new CollectorServers({
      config: collectorSchema.parse({
        serve: { ...ports, grid: NAMES[1], authority: `http://x/?a=1&b="2"'<3>\u00e9` },
      }).serve,
      stateDir: folder,
      present,
      alerts: { alerts: () => [], events: () => [] },
      self: {
        version: "0",
        sources: () => [],
        health: () => ({ ready: true, messages: [], counters: {} }),
        families: () => [],
      },
      clock,
      logger: silentLogger,
    });
    await servers.start();
  });
  afterAll(async () => {
    await servers.stop();
    rmSync(folder, { recursive: true });
  });

  async function documentOf(question: string): Promise<string> {
    const port = question === "" ? servers.ports.dump : servers.ports.query;
    const answer = await ask(port, question === "" ? "\n" : question);
    return question.startsWith("GET ") ? answer.slice(answer.indexOf("\r\n\r\n") + 4) : answer;
  }

  /** @returns what xmllint has against the documents, by file */
  function complaints(documents: readonly string[]): string {
    const files = documents.map((document, i) => {
      const file = join(folder, `${i}.xml`);
      writeFileSync(file, document, "latin1");
      return file;
    });
    const run = spawnSync(findProgram("xmllint") ?? "", ["--valid", "--noout", "--huge", ...files], {
      encoding: "utf8",
    });
    expect(run.error).toBeUndefined();
    return run.stderr.slice(0, 2_000);
  }

  test("the dump and every kind of answer, whatever the names", async () => {
    const documents = [await documentOf("")];
    for (const question of QUESTIONS) documents.push(await documentOf(question));
    for (const [i, document] of documents.entries()) {
      expect(document, QUESTIONS[i - 1]).toMatch(/^<\?xml[\n\x20-\x7e]*<\/GANGLIA_XML>\n$/);
    }
    expect(complaints(documents)).toBe("");
  });

  test("and refuses what is not valid, so that it is known to look", async () => {
    const document = await documentOf("/plain\n");
    expect(complaints([document.replace("</GANGLIA_XML>", "<NOPE/></GANGLIA_XML>")])).toContain("NOPE");
    expect(complaints([document.replace('SLOPE="both"', 'SLOPE="sideways"')])).toContain("sideways");
    expect(complaints([document.replace('NAME="plain"', 'NAME="pl&ain"')])).not.toBe("");
  });

  test.each(NAMES)("a name comes back as it went in: %j", async (name) => {
    const hosts = hostsOf(await documentOf(get(name, name)));
    // What XML has no place for is left out; two of Unicode's own non-characters.
    const carried = name.replaceAll(/[\ufffe\uffff]/g, "");
    expect([...hosts.keys()]).toEqual([carried]);
    const metric = hosts.get(carried)?.metrics.get(carried);
    expect(metric?.VAL).toBe("0.50");
  });
});

function hostileCluster(name: string): MadeCluster {
  const cluster = new MadeCluster(name).frame(1, NOW_MS);
  cluster.directory.setFacts({ owner: TEXT, latlong: TEXT, url: TEXT });
  for (const host of name === "plain" ? NAMES : [name]) {
    cluster.host(host, { ip: TEXT, tags: TEXT, location: TEXT, dmaxS: 0, startedS: 7 });
    const extra = [
      [TEXT, TEXT],
      ["GROUP", "a"],
      ["GROUP", "b"],
    ] as const;
    cluster.set(host, metaOf(name, { units: TEXT, extra }), 0.5, NOW_MS, 2);
    cluster.set(host, metaOf("text", { type: "string", units: TEXT }), TEXT.repeat(50));
    cluster.set(host, metaOf("nan"), Number.NaN);
    for (const type of METRIC_TYPES) if (type !== "string") cluster.set(host, metaOf(`of ${type}`, { type }), 1);
    for (const slope of SLOPES) cluster.set(host, metaOf(`slope ${slope}`, { slope }), 1);
  }
  return cluster;
}

function hostileSums() {
  const metrics = [...NAMES, TEXT].map((name) => ({
    meta: metaOf(name, { units: TEXT, slope: "derivative", extra: [[TEXT, TEXT]] }),
    sum: 1e300,
    num: 1,
    decimals: 2,
  }));
  const summary = { hostsUp: 1, hostsDown: 0, metrics };
  const facts = { owner: TEXT, latlong: TEXT, url: TEXT };
  const live = { timeMs: NOW_MS, facts, authority: TEXT, summary };
  return [
    madeSums("grid", "grid of sums", live),
    madeSums("grid", "dead grid", { ...live, timeMs: NOW_MS - 3_600_000 }),
    ...NAMES.map((name) => madeSums("grid", `grid ${shortened(name)}`, live)),
    ...NAMES.map((name) => madeSums("cluster", `sums ${shortened(name)}`, live)),
  ];
}
