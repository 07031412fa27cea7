/** What is known only in sums, beside what is known with its hosts. */
import { describe, expect, test } from "vitest";
import { GangliaAnswers } from "../../../collector/serve/ganglia-answers.js";
import { parseGangliaQuery, parseHttpQuery } from "../../../collector/serve/ganglia-query.js";
import { summarize } from "../../../collector/table/summary.js";
import { MadeCluster, metaOf } from "../../support/made-cluster.js";
import { MadePresent } from "../../support/made-present.js";
import { madeSum, madeSums } from "../../support/made-sums.js";
import { VirtualClock } from "../../support/virtual-clock.js";

/** As madeSums has it. */
const T = 1_000_000;

function setUp() {
  const clock = new VirtualClock(T);
  const present = new MadePresent();
  const khab = new MadeCluster("khab").frame(1, T);
  khab.host("n1");
  khab.host("n2");
  khab.set("n1", metaOf("load_one", { units: " " }), 0.25, T, 2);
  khab.set("n2", metaOf("load_one", { units: " " }), 0.5, T, 2);
  present.clusters.push(khab);
  const answers = new GangliaAnswers(present, { name: "Top", authority: "http://top/" }, clock);
  const document = (line: string): string => {
    present.summaries.set("khab", summarize(khab, clock.nowMs()));
    const query = line.startsWith("GET ") ? parseHttpQuery(line.slice(4)) : parseGangliaQuery(line);
    if (query === undefined) throw new Error(`${line} is no query`);
    return [...answers.answer(query).build()].join("");
  };
  return { clock, present, khab, answers, document };
}

/** The tags inside of the outer GRID, children indented, with what counts of each. */
function outline(document: string): string[] {
  const lines: string[] = [];
  let depth = 0;
  for (const [, close, name = "", attributes = "", empty] of document
    .slice(document.indexOf("<GANGLIA_XML"))
    .matchAll(/<(\/?)([A-Z_]+)((?: [A-Z_]+="[^"]*")*)(\/?)>/g)) {
    if (name === "GANGLIA_XML" || name === "EXTRA_DATA") continue;
    if (close === "/") {
      depth--;
      continue;
    }
    const value = (key: string) => new RegExp(` ${key}="([^"]*)"`).exec(attributes)?.[1];
    const words = ["NAME", "UP", "DOWN", "SUM", "NUM", "VAL"].flatMap((key) => value(key) ?? []);
    lines.push(`${"  ".repeat(depth)}${[name, ...words].join(" ")}`);
    if (empty !== "/") depth++;
  }
  if (depth !== 0) throw new Error("not well-formed");
  return lines.slice(1).map((line) => line.slice(2));
}

describe("a grid that is told only in sums", () => {
  const KHAB = ["CLUSTER khab", "  HOST n1", "    METRIC load_one 0.25", "  HOST n2", "    METRIC load_one 0.50"];
  const KHAB_SUMS = ["CLUSTER khab", "  HOSTS 2 0", "  METRICS load_one 0.75 2"];
  const FAR = ["GRID far", "  HOSTS 2 1", "  METRICS load_one 1.50 2"];
  const NEAR = ["CLUSTER near", "  HOSTS 5 0", "  METRICS cpu_num 40 5"];

  function withSums() {
    const all = setUp();
    all.present.sums.push(
      madeSums("grid", "far"),
      madeSums("cluster", "near", {
        summary: { hostsUp: 5, hostsDown: 0, metrics: [madeSum("cpu_num", 40, 5, 0)] },
        facts: { owner: "o", latlong: "l", url: "u" },
      }),
    );
    return all;
  }

  test.each<[string, string[]]>([
    ["/", [...KHAB, ...FAR, ...NEAR]],
    [
      "/?filter=summary",
      ["HOSTS 9 1", "METRICS load_one 2.25 4", "METRICS cpu_num 40 5", ...KHAB_SUMS, ...FAR, ...NEAR],
    ],
    ["/far", FAR],
    ["/far?filter=summary", FAR],
    ["/far/nosuch", FAR],
    ["/near", NEAR],
    ["/near?filter=summary", NEAR],
    ["/khab?filter=summary", KHAB_SUMS],
    ["/nosuch", [...KHAB, ...FAR, ...NEAR]],
    ["GET /far", FAR],
    ["GET /far/nosuch", ["GRID far"]],
    ["GET /near/nosuch", ["CLUSTER near"]],
    ["GET /nosuch", []],
    ["GET //far", []],
    ["GET /*?filter=summary", [...KHAB_SUMS, ...FAR, ...NEAR]],
    ["GET /khab/nosuch", ["CLUSTER khab"]],
    ["GET /khab/n1/nosuch", ["CLUSTER khab", "  HOST n1"]],
    ["GET /khab/n1?filter=summary", KHAB.slice(0, 3)],
    ["GET /*/*/load_one", [...KHAB, "GRID far", "CLUSTER near"]],
  ])("%s", (line, expected) => {
    expect(outline(withSums().document(line))).toEqual(expected);
  });

  test("keeps the attributes that its own front-end and clock gave it", () => {
    const { document, clock } = withSums();
    clock.jumpWall(7_000);
    const text = document("/");
    expect(text).toContain('<GRID NAME="Top" AUTHORITY="http://top/" LOCALTIME="1007">');
    expect(text).toContain('<GRID NAME="far" AUTHORITY="http://3.example.org/ganglia/" LOCALTIME="1000">');
    expect(text).toContain('<CLUSTER NAME="near" LOCALTIME="1000" OWNER="o" LATLONG="l" URL="u">');
    expect(text).toContain(
      '<METRICS NAME="load_one" SUM="1.50" NUM="2" TYPE="double" UNITS=" " SLOPE="both" SOURCE="gmond">',
    );
  });

  test("once its source is dead it is listed, with its hosts down and no sums, and counted in nothing", () => {
    const { document, clock, khab } = withSums();
    clock.jumpWall(4 * 15_000);
    khab.frame(2, clock.nowMs());
    for (const host of ["n1", "n2"]) khab.host(host);
    const dead = ["GRID far", "  HOSTS 0 3", "CLUSTER near", "  HOSTS 0 5"];
    expect(outline(document("/?filter=summary"))).toEqual([
      "HOSTS 2 0",
      "METRICS load_one 0.75 2",
      ...KHAB_SUMS,
      ...dead,
    ]);
    expect(outline(document("/far"))).toEqual(dead.slice(0, 2));
  });

  test("a millisecond before it is dead it still counts", () => {
    const { document, clock } = withSums();
    clock.jumpWall(4 * 15_000 - 1);
    expect(outline(document("/?filter=summary"))[0]).toBe("HOSTS 9 1");
  });

  test("a cluster known in detail goes before sums of the same name, and is not counted twice", () => {
    const { document, present } = withSums();
    present.sums.push(madeSums("cluster", "khab"));
    expect(outline(document("/khab"))).toEqual(KHAB);
    expect(outline(document("/?filter=summary"))[0]).toBe("HOSTS 9 1");
    expect(outline(document("/")).filter((line) => line === "CLUSTER khab")).toHaveLength(1);
  });

  test("new sums are seen at once, also within one frame and one second", () => {
    const { answers, present } = withSums();
    const key = () => answers.answer({ path: [], summary: false }).key;
    const before = key();
    expect(key()).toBe(before);
    present.sums[0] = madeSums("grid", "far", { timeMs: T + 1 });
    expect(key()).not.toBe(before);
  });
});

describe("hosts of a source that is dead", () => {
  test("stay in the tree with a growing TN; after 4 x TMAX they are down and in no sum, of the cluster or of the whole", () => {
    const { document, clock } = setUp();
    expect(outline(document("/?filter=summary")).slice(0, 2)).toEqual(["HOSTS 2 0", "METRICS load_one 0.75 2"]);
    clock.jumpWall(79_000);
    expect(document("/khab/n1")).toContain('REPORTED="1000" TN="79" TMAX="20"');
    expect(outline(document("/?filter=summary"))[0]).toBe("HOSTS 2 0");
    clock.jumpWall(1_000);
    expect(outline(document("/?filter=summary"))).toEqual(["HOSTS 0 2", "CLUSTER khab", "  HOSTS 0 2"]);
    expect(document("/khab/n1")).toContain('REPORTED="1000" TN="80" TMAX="20"');
    expect(outline(document("/khab"))).toHaveLength(5);
  });
});

test("a grid that is called as a cluster is (both may be unspecified) is a thing of its own", () => {
  const { document, present } = setUp();
  const unnamed = new MadeCluster("unspecified").frame(1, T);
  unnamed.host("m1");
  present.clusters.push(unnamed);
  present.summaries.set("unspecified", summarize(unnamed, T));
  present.sums.push(madeSums("grid", "unspecified"));
  expect(outline(document("/unspecified"))).toEqual(["CLUSTER unspecified", "  HOST m1"]);
  expect(outline(document("/?filter=summary"))[0]).toBe("HOSTS 5 1");
});
