/**
 * Lines that nobody meant: requests with octets changed, cut, repeated. Each gets a
 * document, none ends the collector, and what is refused says what was expected.
 */
import { describe, expect, test } from "vitest";
import { ManyHistory } from "../../../../collector/history/many-history.js";
import { History } from "../../../../collector/history.js";
import { RecentWindow } from "../../../../collector/window/recent-window.js";
import { createLogger } from "../../../../core/base/log.js";
import { parseTree } from "../../../../core/wire/extension/element.js";
import { formatRequest, NOW, parseRequest } from "../../../../core/wire/extension/index.js";
import { makeExtension } from "../../../support/extension-server.js";
import { MadeCluster, metaOf } from "../../../support/made-cluster.js";
import { madeHistory } from "../../../support/made-present.js";
import { SeededRandom } from "../../../support/seeded-random.js";

const NAME = "a/b ?%\u{1F525}";
const CORPUS = [
  "grate:1/changes",
  "grate:1/changes?since=i1-1&cluster=khab",
  "grate:1/changes?since=i1-99999999999999&wait=0s&dtd=yes",
  "grate:1/alerts?events=10&before=7",
  "grate:1/status",
  "grate:1/metadata?cluster=khab&hosts=yes",
  "grate:1/dtd",
  "grate:1/ganglia?cluster=khab&host=a&metric=load&filter=summary",
  "grate:1/history?cluster=khab&host=a&metric=load&from=-1h&to=-1m&step=15s",
  "grate:1/history?cluster=khab&host=*&metric=load&from=0&step=1h&merge=hosts&hold=2h",
  "grate:1/history?cluster=khab&host=*&metric=load&from=-9999999h&step=1ms",
  "grate:1/history?cluster=khab&host=a&from=1795291102.5",
  formatRequest({ verb: "history", cluster: NAME, host: NAME, metric: NAME, from: { agoMs: 9e9 }, to: NOW }),
  formatRequest({ verb: "ganglia", path: [NAME, NAME, NAME], summary: true }),
];
const PALETTE = Buffer.from("=&?%*/-:.0123456789smhd+ABFGcluster\u0000\n\"'<");
const SEED = 20_262;
const MUTANTS = 4_000;

const errors: string[] = [];
const logger = createLogger("test", "error", { write: (line: string) => void errors.push(line) });

function setUp() {
  const window = new RecentWindow({ windowMs: 3_600_000, bytesMax: 1e8, archiving: false });
  const khab = new MadeCluster("khab");
  const many = new ManyHistory({ window, archive: undefined, lastReplayed: () => 0, directory: () => khab.directory });
  const single = new History(window, undefined, () => 0);
  const made = makeExtension({
    logger,
    history: madeHistory({
      history: (query) => single.read(query),
      samplesOfMany: (...query) => many.samples(...query),
      bucketsOfMany: (...query) => many.buckets(...query),
    }),
  });
  khab.frame(1, made.clock.nowMs()).host("a");
  khab.set("a", metaOf("load"), 1);
  made.present.clusters.push(khab);
  made.present.taken(khab);
  return made;
}

/** A slip of the finger behind the verb; often still a request, though for something else. */
function oneChanged(octets: Uint8Array, random: SeededRandom): Uint8Array {
  const changed = Uint8Array.from(octets);
  const begin = Math.min("grate:1/history".length, octets.length - 1);
  changed[begin + random.below(octets.length - begin)] = PALETTE[random.below(PALETTE.length)] as number;
  return changed;
}

const isDtd = (text: string) => text.startsWith("<!-- GRATE_XML");

/** @returns the error's message; undefined for an answer */
function faultOf(text: string): string | undefined {
  if (isDtd(text) || text.includes("<GANGLIA_XML")) return undefined;
  return parseTree(text).first("ERROR")?.string("MESSAGE");
}

describe("the corpus", () => {
  test.each(CORPUS)("%s is a request", async (line) => {
    expect(parseRequest(line).verb).not.toBe("fault");
    const { error, text } = await setUp().answer(line);
    expect(faultOf(text) === undefined).toBe(error === undefined);
  });
});

test(`${MUTANTS} mutants (seed ${SEED}): each gets a document, and each refusal says what was expected`, async () => {
  const random = new SeededRandom(SEED);
  const made = setUp();
  const kinds = new Map<string, number>();
  for (let i = 0; i < MUTANTS; i++) {
    const whole = Buffer.from(random.pick(CORPUS));
    const octets = random.chance(0.5) ? random.mutated(whole, PALETTE) : oneChanged(whole, random);
    // A wait is what was asked for; the clock of this test does not go on.
    const line = Buffer.from(octets)
      .toString(random.chance(0.5) ? "utf8" : "latin1")
      .replaceAll("wait=", "wait=0s&x");
    const { error, text } = await made.answer(line);
    kinds.set(error ?? "answered", (kinds.get(error ?? "answered") ?? 0) + 1);
    const message = faultOf(text);
    expect(message === undefined, line).toBe(error === undefined);
    if (message !== undefined) expect(message, line).toMatch(/expected|ask for|at most/);
  }
  // Both ways are gone often, and none of them is our own fault.
  expect(kinds.get("answered")).toBeGreaterThan(MUTANTS / 20);
  expect(kinds.get("bad-request")).toBeGreaterThan(MUTANTS / 4);
  expect(kinds.get("internal")).toBeUndefined();
  expect(errors).toEqual([]);
});
