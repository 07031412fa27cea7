/** Several viewers that ask a collector now and then: each has the collector's sums after every answer. */
import { expect, test } from "vitest";
import type { ReportedSums } from "../../../core/model/summary.js";
import { type ChangesDocument, readChanges } from "../../../core/wire/extension/index.js";
import { Store } from "../../../viewer/pull/store.js";
import { makeExtension, SERVER_NOW_MS } from "../../support/extension-server.js";
import { MadeCluster, metaOf } from "../../support/made-cluster.js";
import { madeSum, madeSums } from "../../support/made-sums.js";
import { SeededRandom } from "../../support/seeded-random.js";

const NAMES = ["far", "near", `<a href="x">&'\u{1F525}`];
const METRICS = ["load_one", "cpu_num", `"%>`, "disk_free"];

/** What both ends know; the rest of the metadata is not told. */
const plain = (all: Iterable<ReportedSums>) =>
  [...all].map(({ kind, name, source, authority, timeMs, tmaxS, summary }) => ({
    ...{ kind, name, source, authority, timeMs, tmaxS, up: summary.hostsUp, down: summary.hostsDown },
    metrics: Object.fromEntries(summary.metrics.map(({ meta, sum, num }) => [meta.name, [sum, num]])),
  }));

test.each([1, 7, 2_026])("with frames and sums that come and go (seed %i)", async (seed) => {
  const random = new SeededRandom(seed);
  const { answer, present, clock } = makeExtension();
  const cluster = new MadeCluster("khab");
  present.clusters.push(cluster);
  const stores = [new Store(), new Store(), new Store()];
  const told = (name: string): ReportedSums => {
    const metrics = METRICS.filter(() => random.chance(0.8)).map((metric) => madeSum(metric, random.below(3), 2));
    const summary = { hostsUp: random.below(3), hostsDown: random.below(3), metrics };
    return madeSums("grid", name, { timeMs: SERVER_NOW_MS + random.below(9), summary });
  };
  for (let step = 0; step < 300; step++) {
    const at = random.below(NAMES.length);
    const name = NAMES[at] as string;
    const held = present.sums.findIndex((one) => one.name === name);
    if (random.chance(0.4)) present.sums.splice(held < 0 ? present.sums.length : held, 1, told(name));
    else if (held >= 0 && random.chance(0.2)) present.sums.splice(held, 1);
    if (random.chance(0.3)) {
      cluster.frame(present.frameNumber + 1, clock.nowMs());
      cluster.host("node1");
      cluster.set("node1", metaOf("load_one"), step);
      present.taken(cluster);
    }
    const store = random.pick(stores);
    const since = store.since === undefined ? "" : `?since=${store.version}`;
    const document: ChangesDocument = readChanges((await answer(`grate:1/changes${since}`)).text);
    store.apply(document);
    expect(plain(store.sums.values()), `step ${step}`).toEqual(plain(present.sums));
  }
});
