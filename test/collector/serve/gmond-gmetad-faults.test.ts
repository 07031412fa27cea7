/** What gmond and gmetad are known to do wrong when they write XML: each a test of what we do instead. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collectorSchema } from "../../../collector/config.js";
import { CollectorServers } from "../../../collector/serve/servers.js";
import { silentLogger } from "../../../core/base/log.js";
import { GangliaXmlReader } from "../../../core/wire/ganglia/xml-reader.js";
import { writeCluster } from "../../../core/wire/ganglia/xml-writer.js";
import { comparable, type Element, elements, tree } from "../../support/ganglia-tree.js";
import { ask, connected, until } from "../../support/loopback.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { makeCollector } from "../support.js";

const NOW_MS = 1_795_291_000_000;
const NOW_S = NOW_MS / 1_000;

const metric = (name: string, val: string, more = 'TYPE="string" DMAX="0" SLOPE="both"', extra = "") =>
  `<METRIC NAME="${name}" VAL="${val}" UNITS="" TN="3" TMAX="60" ${more} SOURCE="gmond">` +
  `<EXTRA_DATA>${extra}</EXTRA_DATA></METRIC>`;
const extra = (name: string, val: string) => `<EXTRA_ELEMENT NAME="${name}" VAL="${val}"/>`;

const LONG = "0123456789".repeat(500);
const HOST = `
${metric("long", LONG)}
${metric("with much around", "1", 'TYPE="float" DMAX="0" SLOPE="both"', extra("DESC", LONG) + extra("GROUP", "a"))}
${metric("escaped", "a&amp;b &lt;c&gt; &quot;d&quot; &#233;&#x96C6;")}
${metric("control", "a&#9;b")}
${metric("a&amp;b", "1", 'TYPE="float" DMAX="0" SLOPE="both"', extra("GROUP", "R&amp;D"))}
${metric("counts", "1.00", 'TYPE="float" DMAX="0" SLOPE="derivative"')}
${metric("short-lived", "5", 'TYPE="uint32" DMAX="60" SLOPE="both"')}
${metric("whole", "7", 'TYPE="uint32" DMAX="0" SLOPE="both"')}
${metric("fine", "7.125", 'TYPE="double" DMAX="0" SLOPE="both"')}
`;
const host = (name: string) =>
  `<HOST NAME="${name}" IP="10.0.0.1" TAGS="" REPORTED="${NOW_S - 2}" TN="2" TMAX="20" DMAX="0" LOCATION="" GMOND_STARTED="0">${HOST}</HOST>`;
const DOCUMENT = `<?xml version="1.0" encoding="ISO-8859-1"?>
<GANGLIA_XML VERSION="3.7.2" SOURCE="gmond">
<CLUSTER NAME="status &amp; co" LOCALTIME="${NOW_S}" OWNER="o&amp;o" LATLONG="" URL="">${host("a&amp;1")}${host("b2")}</CLUSTER>
</GANGLIA_XML>`;

const stateDir = mkdtempSync(join(tmpdir(), "grate-faults-"));
const clock = new VirtualClock(NOW_MS);
const collector = makeCollector({ clock });
let servers: CollectorServers;

beforeAll(async () => {
  const ports = { dump: "127.0.0.1:0", query: "127.0.0.1:0", control: "127.0.0.1:0" };
  servers = new CollectorServers({
    config: collectorSchema.parse({ serve: { ...ports, grid: "R&D", authority: "http://x/?a=1&b=2" } }).serve,
    stateDir,
    present: collector,
    alerts: { alerts: () => [], events: () => [] },
    self: { version: "0", sources: () => [], health: () => collector.health(), families: () => [] },
    clock,
    logger: silentLogger,
  });
  await collector.start();
  await servers.start();
  const report = new GangliaXmlReader({ source: "test", sink: collector }).read(Buffer.from(DOCUMENT), NOW_MS);
  expect(report).toMatchObject({ hosts: 2, metrics: 18, malformed: 0 });
});
afterAll(async () => {
  await servers.stop();
  await collector.stop();
  rmSync(stateDir, { recursive: true });
});

const query = (line: string) => ask(servers.ports.query, `${line}\n`);
const CLUSTER = "/status & co";

async function metrics(line: string): Promise<Map<string | undefined, Element>> {
  return new Map([...elements(tree(await query(line)), "METRIC")].map((each) => [each.attributes.NAME, each]));
}

describe("a path is of names, not of regular expressions", () => {
  test.each([
    ["/.*", "/nosuch"],
    ["/st.tus & co", "/nosuch"],
    [`${CLUSTER}/.*`, `${CLUSTER}/nosuch`],
    [`${CLUSTER}/b.`, `${CLUSTER}/nosuch`],
    [`${CLUSTER}/[ab]2`, `${CLUSTER}/nosuch`],
    [`${CLUSTER}/b2/who.e`, `${CLUSTER}/b2/nosuch`],
    [`${CLUSTER}/b2/wh.*`, `${CLUSTER}/b2/nosuch`],
  ])("%s is answered as any name that is not there", async (line, nosuch) => {
    expect(await query(line)).toBe(await query(nosuch));
    expect(await query(`${CLUSTER}/b2/whole`)).not.toBe(await query(`${CLUSTER}/b2/nosuch`));
  });
});

describe("gmond cuts what is long", () => {
  test("a text of 5,000 characters is whole, where gmond cuts its line after 1,024 octets", async () => {
    expect((await metrics(`${CLUSTER}/b2`)).get("long")?.attributes.VAL).toBe(LONG);
  });

  test("a metric with 5,000 characters of extra data is whole, where gmetad cuts after 4,095", async () => {
    const [first, second] = [
      ...elements((await metrics(`${CLUSTER}/b2`)).get("with much around") as Element, "EXTRA_ELEMENT"),
    ];
    expect([first?.attributes.VAL, second?.attributes.VAL]).toEqual([LONG, "a"]);
  });
});

describe("gmetad resolves what is escaped and writes it raw", () => {
  test("names, texts, extra data and facts that were read escaped are written escaped", async () => {
    const text = await query("/");
    expect(text).toContain('<CLUSTER NAME="status &amp; co"');
    expect(text).toContain('OWNER="o&amp;o"');
    expect(text).toContain('<HOST NAME="a&amp;1"');
    expect(text).toContain('<METRIC NAME="a&amp;b"');
    expect(text).toContain('VAL="R&amp;D"');
    expect(text).toContain('<GRID NAME="R&amp;D" AUTHORITY="http://x/?a=1&amp;b=2"');
    expect(text).toContain('VAL="a&amp;b &lt;c&gt; &quot;d&quot; &#233;&#38598;"');
    expect(text).toContain('VAL="a&#9;b"');
  });

  test("what was read, written, read and written again is the same to the last octet", async () => {
    const again = makeCollector({ clock });
    await again.start();
    const text = await query("/");
    const report = new GangliaXmlReader({ source: "again", sink: again }).read(Buffer.from(text, "latin1"), NOW_MS);
    expect(report).toMatchObject({ hosts: 2, metrics: 18, malformed: 0 });
    const written = (from: typeof again) => {
      const view = from.view("status & co");
      return view === undefined ? "" : [...writeCluster(view, NOW_MS)].join("");
    };
    expect(written(again)).toContain('<HOST NAME="a&amp;1"');
    expect(written(again)).toBe(written(collector));
    await again.stop();
  });

  test("octets that are not ASCII are references, right under the label ISO-8859-1", async () => {
    expect(await query("/")).toMatch(/^<\?xml version="1\.0" encoding="ISO-8859-1"[\n\x20-\x7e]*$/);
  });
});

describe("what gmetad leaves to its reader", () => {
  test("the DTD stands in every kind of answer, and declares the slope derivative that is sent", async () => {
    for (const line of ["/", "/?filter=summary", CLUSTER, `${CLUSTER}/b2/counts`, "/nosuch"]) {
      const text = await query(line);
      expect(text, line).toContain("<!DOCTYPE GANGLIA_XML [");
      expect(text, line).toMatch(/SLOPE \([^)]*derivative[^)]*\)/);
    }
    expect(await query(`${CLUSTER}/b2/counts`)).toContain('SLOPE="derivative"');
  });

  test("UNITS and SOURCE are written where the sender gave none", async () => {
    expect((await metrics(`${CLUSTER}/b2`)).get("whole")?.attributes).toMatchObject({ UNITS: "", SOURCE: "gmond" });
  });

  test("the attributes of a host stand in gmond's order, which gstat reads by position", async () => {
    const tag = /<HOST ([^>]*)>/.exec(await query(CLUSTER))?.[1] ?? "";
    expect(Array.from(tag.matchAll(/([A-Z_]+)="/g), ([, name]) => name)).toEqual([
      "NAME",
      "IP",
      "TAGS",
      "REPORTED",
      "TN",
      "TMAX",
      "DMAX",
      "LOCATION",
      "GMOND_STARTED",
    ]);
  });
});

describe("names", () => {
  test("a cluster whose name begins with status is answered, where gmetad tells its own condition", async () => {
    expect(await query(CLUSTER)).toContain('<CLUSTER NAME="status &amp; co"');
    expect(await ask(servers.ports.query, "GET /status%20%26%20co/b2/whole HTTP/1.0\r\n\r\n")).toContain('VAL="7"');
    expect(await query("/status")).toContain('"gridname":"R\\u0026D"');
  });

  test("a path of any length within the line does no harm, where gmetad once overran its stack", async () => {
    const whole = comparable(tree(await query("/")));
    for (const line of [`/${"x".repeat(2_000)}`, `/${"x/".repeat(1_000)}`, `${CLUSTER}/${"y".repeat(2_000)}`]) {
      expect(comparable(tree(await query(line)))).toEqual(whole);
    }
  });
});

describe("connections", () => {
  test("fifty clients that send nothing and close their side leave no socket half closed (CLOSE_WAIT)", async () => {
    for (let i = 0; i < 50; i++) {
      const socket = await connected(servers.ports.query);
      socket.end();
      socket.resume();
    }
    await until(() => servers.counters.query.clients === 0);
    expect(servers.counters.query.connections.left).toBe(50);
  });

  test("clients that hang without a word keep nobody else from an answer", async () => {
    const hanging = [];
    for (let i = 0; i < 20; i++) hanging.push(await connected(servers.ports.query));
    await until(() => servers.counters.query.clients >= 20);
    expect(await query(CLUSTER)).toContain("</GANGLIA_XML>");
    const gone = clock.advance(10_000);
    await gone;
    await until(() => servers.counters.query.clients === 0);
    for (const socket of hanging) socket.destroy();
  });

  test("headers behind the line of a request do not cut the reply by a reset", async () => {
    const text = await ask(servers.ports.query, `GET ${CLUSTER} HTTP/1.1\r\n${"X-A: b\r\n".repeat(10_000)}\r\n`);
    expect(text.endsWith("</GANGLIA_XML>\n")).toBe(true);
  });
});

// The clock goes on here: last.
describe("sums and ages", () => {
  test("a sum has no decimals for whole numbers, else those of the first value", async () => {
    const sums = new Map(
      [...elements(tree(await query(`${CLUSTER}?filter=summary`)), "METRICS")].map(({ attributes }) => [
        attributes.NAME,
        attributes,
      ]),
    );
    expect(sums.get("whole")).toMatchObject({ SUM: "14", NUM: "2", TYPE: "double" });
    expect(sums.get("fine")).toMatchObject({ SUM: "14.250", NUM: "2", TYPE: "double" });
    expect(sums.get("counts")).toMatchObject({ SUM: "2.00", SLOPE: "derivative" });
  });

  test("the age of a metric is counted on from what its source said", async () => {
    clock.jumpWall(NOW_MS + 30_000 - clock.nowMs());
    const told = (await metrics(`${CLUSTER}/b2`)).get("whole")?.attributes;
    expect(told).toMatchObject({ TN: "33", TMAX: "60" });
  });

  test("a metric past its DMAX is omitted, from the host and from the sums; it does not stay there with SUM 0 NUM 0", async () => {
    const asked = async () => [
      (await metrics(`${CLUSTER}/b2`)).has("short-lived"),
      (await query(`${CLUSTER}?filter=summary`)).includes('NAME="short-lived"'),
      (await query("/?filter=summary")).includes('NAME="short-lived"'),
    ];
    expect(await asked()).toEqual([true, true, true]);
    clock.jumpWall(28_000);
    expect(await asked()).toEqual([false, false, false]);
  });

  test("metrics of hosts that are down are in no sum, while their last values stay with the hosts", async () => {
    clock.jumpWall(60_000);
    expect(await query(`${CLUSTER}?filter=summary`)).toContain('<HOSTS UP="0" DOWN="2" SOURCE="gmetad"/>\n</CLUSTER>');
    expect((await metrics(`${CLUSTER}/b2`)).get("whole")?.attributes.VAL).toBe("7");
  });
});
