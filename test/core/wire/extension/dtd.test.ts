/** Every kind of answer is what our DTD says, judged by xmllint: with the DTD beside it and with the DTD inside. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { newHostFacts } from "../../../../core/model/host.js";
import type { MetricMeta } from "../../../../core/model/metric.js";
import {
  DTD,
  type HistoryData,
  readAlerts,
  readChanges,
  readHistory,
  readMetadata,
  readStatus,
  type WritingFacts,
  writeAlerts,
  writeChanges,
  writeError,
  writeHistory,
  writeMetadata,
  writeStatus,
} from "../../../../core/wire/extension/index.js";
import { findProgram } from "../../../setup/peers.mjs";
import { MadeCluster, metaOf } from "../../../support/made-cluster.js";

const xmllint = findProgram("xmllint");
const directory = mkdtempSync(join(tmpdir(), "grate-dtd-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** All that a name can be which comes through core/model/names.ts, and what a text can be besides. */
const NAMES = [
  `<a href="x">'&amp;]]>`,
  "/ ? % # & = + *",
  "\u{1F525} узел \u00a0 \u2028 \ufffd \u{10ffff}",
  "--> <!-- <![CDATA[",
  "%entity; &entity; &#0;",
  " blanks  inside ",
  "x".repeat(512),
];
const TEXTS = [...NAMES, "\t\r\n", "a\u0000b\u001b\u007f\u0085\ud800c\uffff", ""];

function cluster(name: string): MadeCluster {
  const view = new MadeCluster(name).frame(3, 1_795_291_100_500);
  const extra: MetricMeta["extra"] = TEXTS.map((text) => ["DESC", text] as const);
  for (const [i, host] of NAMES.entries()) {
    view.host(host, { ...newHostFacts(host), ip: TEXTS[i] ?? "", tags: TEXTS[i] ?? "", tmaxS: Number.NaN });
    view.set(host, metaOf(name, { extra, units: TEXTS[i] ?? "" }), i / 3);
    view.set(host, metaOf(`${name.slice(0, 500)} text`, { type: "string", extra }), TEXTS[i]);
  }
  return view;
}

function changes(facts: WritingFacts, full: boolean): string {
  const clusters = NAMES.map(cluster).map((view) => ({
    view,
    full,
    sinceFrame: 2,
    goneRows: full ? [] : [0, 2],
    hostRows: [1, 3],
    heardRows: [1, 3, 4],
    metricColumns: [0, 1],
    isServed: (row: number) => row > 0,
    firing: 2,
  }));
  const sums = NAMES.map((name) => ({
    full,
    metrics: [{ meta: metaOf(name, { units: name }), sum: 1 / 3, num: 2, decimals: 2 }],
    sums: {
      kind: name.length % 2 === 0 ? ("grid" as const) : ("cluster" as const),
      name,
      source: name,
      authority: name,
      facts: { owner: name, latlong: name, url: name },
      timeMs: 1,
      tmaxS: 15,
      summary: { hostsUp: 1, hostsDown: 0, metrics: [] },
    },
  }));
  return [...writeChanges(facts, { full, frame: 3, clusters, sums })].join("");
}

const numbers: HistoryData = { kind: "number", timesMs: Float64Array.of(1, 2), values: Float64Array.of(1, Number.NaN) };
const texts: HistoryData = { kind: "text", timesMs: Float64Array.from(TEXTS, (_, i) => i), texts: TEXTS };
const one = Float64Array.of(1);
const buckets: HistoryData = { kind: "buckets", startMs: 0, stepMs: 1, min: one, avg: one, max: one };
const merged = { ...buckets, sum: one, hosts: Uint32Array.of(1), series: 1 };
const name = NAMES.join(" ").slice(0, 512);
const alert = {
  trigger: name,
  cluster: name,
  host: name,
  severity: "critical",
  condition: name,
  evidence: name,
} as const;

const ANSWERS: readonly (readonly [string, (facts: WritingFacts) => string, (text: string) => unknown])[] = [
  ["changes: everything", (facts) => changes(facts, true), readChanges],
  ["changes: what is new", (facts) => changes(facts, false), readChanges],
  [
    "changes: nothing",
    (f) => [...writeChanges(f, { full: false, frame: 0, clusters: [], sums: [] })].join(""),
    readChanges,
  ],
  [
    "history",
    (facts) =>
      [
        ...writeHistory(facts, {
          cluster: name,
          fromMs: 0,
          toMs: 1,
          series: [numbers, texts, buckets].flatMap((data) => NAMES.map((host) => ({ host, metric: host, data }))),
          merged,
        }),
      ].join(""),
    readHistory,
  ],
  [
    "history of one metric, of which nothing is known",
    (f) => [...writeHistory(f, { cluster: name, metric: name, fromMs: 0, toMs: 1, series: [] })].join(""),
    readHistory,
  ],
  [
    "metadata",
    (facts) => {
      const metrics = NAMES.flatMap((of) => [
        {
          name: of,
          kind: "number" as const,
          meta: metaOf(of, { extra: TEXTS.map((text) => ["GROUP", text]) }),
          hosts: 1,
        },
        { name: of, kind: "text" as const, meta: undefined, hosts: 0 },
      ]);
      const clusters = NAMES.map((of) => ({ name: of, hosts: 2, hostNames: NAMES, metrics }));
      return [...writeMetadata(facts, { clusters })].join("");
    },
    readMetadata,
  ],
  [
    "alerts",
    (facts) =>
      [
        ...writeAlerts(facts, {
          alerts: [{ ...alert, state: "firing", activeAtMs: 1, firedAtMs: 2, episode: name }],
          events: [
            {
              ...alert,
              sequence: 1,
              timeMs: 1,
              kind: "fired",
              episode: name,
              message: name,
              details: { [name]: name },
            },
          ],
        }),
      ].join(""),
    readAlerts,
  ],
  [
    "status",
    (facts) => {
      const health = { lastFrameMs: 0, frames: 0, failures: 0, malformed: 0, skewMs: 0, address: name };
      const sources = NAMES.map((of) => ({ name: of, type: of, state: "ok" as const, message: of, ...health }));
      const clusters = NAMES.map((of) => ({
        name: of,
        hostsUp: 1,
        hostsDown: 0,
        metrics: 1,
        frame: 1,
        frameTimeMs: 1,
      }));
      const counts = { source: name, hostsUp: 1, hostsDown: 0, metrics: 1, timeMs: 0 };
      const sums = NAMES.map((of) => ({ kind: "grid" as const, name: of, ...counts }));
      const self = { version: name, startedMs: 0, uptimeMs: 0, frame: 0 };
      return [...writeStatus(facts, { ...self, sources, clusters, sums })].join("");
    },
    readStatus,
  ],
  ["an error", ({ dtd }) => writeError("bad-request", TEXTS.join(" "), dtd), () => "an error"],
];

const FACTS = { instance: "4f1c", nowMs: 1_795_291_102_123 };

/** @returns what xmllint has to say against it */
function faults(text: string, ...options: string[]): string {
  const file = join(directory, "document.xml");
  writeFileSync(file, text);
  try {
    execFileSync(xmllint ?? "", ["--noout", "--nonet", ...options, file], { stdio: ["ignore", "ignore", "pipe"] });
    return "";
  } catch (error) {
    return String((error as { stderr?: unknown }).stderr ?? error);
  }
}

test("the file is what the verb gives", () => {
  expect(readFileSync("core/wire/extension/grate.dtd", "utf8")).toBe(DTD);
});

test("it can stand inside of a document that the plainest reader reads", () => {
  expect(DTD).toMatch(/^[\n\x20-\x7e]*$/);
  expect(DTD).not.toMatch(/[\]%]|<!ENTITY/);
});

describe.skipIf(xmllint === undefined)("xmllint accepts (needs xmllint)", () => {
  test.each(ANSWERS)("%s, with the DTD beside it", (_what, write) => {
    expect(faults(write(FACTS), "--dtdvalid", "core/wire/extension/grate.dtd")).toBe("");
  });

  test.each(ANSWERS)("%s, with the DTD inside", (_what, write) => {
    const text = write({ ...FACTS, dtd: true });
    expect(text).toContain("<!DOCTYPE GRATE_XML [");
    expect(faults(text, "--valid")).toBe("");
  });

  test.each<[string, RegExp, string]>([
    ["an element that it does not know", /HEARD/g, "HERD"],
    ["an element in the wrong place", /<(\/?)AGE>/g, "<$1MIN>"],
    ["a missing attribute", / FRAME="3"/, ""],
    ["another attribute", / FRAME="3"/, ' FRAME="3" FRAMES="3"'],
  ])("and not just anything: %s", (_what, now, broken) => {
    const text = changes(FACTS, true).replace(now, broken);
    expect(faults(text, "--dtdvalid", "core/wire/extension/grate.dtd")).toContain("validity error");
  });
});

describe("our own readers read the same with the DTD inside and without", () => {
  test.each(ANSWERS)("%s", (_what, write, read) => {
    expect(read(write({ ...FACTS, dtd: true }))).toEqual(read(write(FACTS)));
  });
});
