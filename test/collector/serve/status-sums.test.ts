/** What the status tells of grids and clusters without hosts. */
import { describe, expect, test } from "vitest";
import { readStatus } from "../../../core/wire/extension/index.js";
import { makeExtension, SERVER_NOW_MS } from "../../support/extension-server.js";
import { MadeCluster } from "../../support/made-cluster.js";
import { madeSums } from "../../support/made-sums.js";

describe("the status", () => {
  test("lists what is known only in sums, the silent ones with all hosts down", async () => {
    const { answer, present } = makeExtension();
    present.sums.push(madeSums("grid", "far", { timeMs: SERVER_NOW_MS - 4_000 }), madeSums("cluster", "dead"));
    expect(readStatus((await answer("grate:1/status")).text).sums).toEqual([
      {
        kind: "grid",
        name: "far",
        source: "above",
        hostsUp: 2,
        hostsDown: 1,
        metrics: 1,
        timeMs: SERVER_NOW_MS - 4_000,
      },
      { kind: "cluster", name: "dead", source: "above", hostsUp: 0, hostsDown: 3, metrics: 1, timeMs: 1_000_000 },
    ]);
  });

  test("does not list a cluster twice that is known with its hosts", async () => {
    const { answer, present } = makeExtension();
    present.clusters.push(new MadeCluster("far"));
    present.sums.push(madeSums("cluster", "far"));
    const status = readStatus((await answer("grate:1/status")).text);
    expect(status.clusters.map(({ name }) => name)).toEqual(["far"]);
    expect(status).not.toHaveProperty("sums");
  });
});
