import { describe, expect, test } from "vitest";
import { newHostFacts } from "../../../core/model/host.js";
import type { MetricMeta } from "../../../core/model/metric.js";
import type { ChangesDocument, ClusterDelta } from "../../../core/wire/extension/changes.js";
import { MalformedAnswer } from "../../../viewer/pull/client.js";
import { Store } from "../../../viewer/pull/store.js";

const NONE = new Uint32Array(0);
const META: MetricMeta = {
  name: "load_one",
  type: "float",
  units: " ",
  slope: "both",
  tmaxS: 70,
  dmaxS: 0,
  extra: [["GROUP", "load"]],
};
const OS: MetricMeta = { ...META, name: "os_name", type: "string", extra: [] };

function delta(fields: Partial<ClusterDelta> = {}): ClusterDelta {
  return {
    name: "khab",
    full: false,
    frame: 1,
    frameTimeMs: 1_000,
    facts: { owner: "o", latlong: "l", url: "u" },
    rowCount: 10,
    columnCount: 10,
    firing: 0,
    goneRows: NONE,
    hosts: [],
    heardRows: NONE,
    heardMs: new Float64Array(0),
    metrics: [],
    numbers: [],
    texts: [],
    ...fields,
  };
}

function document(fields: Partial<ChangesDocument> = {}): ChangesDocument {
  return { instance: "i1", frame: 1, nowMs: 5_000, full: false, clusters: [delta()], ...fields };
}

function numbers(column: number, cells: readonly (readonly [row: number, value: number])[], timeMs = 900) {
  return {
    column,
    rows: Uint32Array.from(cells, ([row]) => row),
    values: Float64Array.from(cells, ([, value]) => value),
    decimals: new Uint8Array(cells.length),
    timesMs: new Float64Array(cells.length).fill(timeMs),
  };
}

/** Two hosts in rows 0 and 2, a number in column 0, a text in column 3. */
function filled(): Store {
  const store = new Store();
  store.apply(
    document({
      full: true,
      clusters: [
        delta({
          full: true,
          hosts: [
            { row: 0, facts: newHostFacts("a") },
            { row: 2, facts: newHostFacts("b") },
          ],
          heardRows: Uint32Array.of(0, 2),
          heardMs: Float64Array.of(800, 801),
          metrics: [
            { column: 0, name: "load_one", kind: "number", meta: META, own: [] },
            { column: 3, name: "os_name", kind: "text", meta: OS, own: [] },
          ],
          numbers: [
            numbers(0, [
              [0, 0.5],
              [2, 1.5],
            ]),
          ],
          texts: [{ column: 3, rows: Uint32Array.of(2), texts: ["Linux"], timesMs: Float64Array.of(900) }],
        }),
      ],
    }),
  );
  return store;
}

/** All that can be seen of a cluster, to tell whether anything changed. */
function snapshot(store: Store): string {
  const clusters = [...store.clusters.values()].map((cluster) => ({
    ...cluster,
    rows: cluster.hosts.map((host) => host && cluster.findRow(host.facts.name)),
  }));
  return JSON.stringify([store.since, store.nowMs, clusters], (_key, value) =>
    value instanceof Map ? [...value] : Number.isNaN(value) ? "NaN" : value,
  );
}

describe("a full answer", () => {
  test("fills the columns by the collector's own numbers", () => {
    const store = filled();
    const khab = store.clusters.get("khab");
    expect(khab?.findRow("b")).toBe(2);
    expect(khab?.hosts[2]?.reportedMs).toBe(801);
    expect(khab?.hosts[1]).toBeUndefined();
    expect(khab?.findColumn("load_one", "number")?.values[2]).toBe(1.5);
    expect(khab?.findColumn("os_name", "text")?.texts[2]).toBe("Linux");
    expect(store.version).toBe("i1-1");
  });

  test("replaces everything, and positions known before mean nothing any more", () => {
    const store = filled();
    const layout = store.clusters.get("khab")?.layout ?? 0;
    store.apply(document({ instance: "i2", full: true, clusters: [delta({ full: true })] }));
    expect(store.clusters.get("khab")?.findRow("a")).toBe(-1);
    expect(store.clusters.get("khab")?.layout).toBeGreaterThan(layout);
    expect(store.since).toEqual({ instance: "i2", frame: 1 });
  });

  test("a cluster that goes and comes back never has a layout of before", () => {
    const store = filled();
    const layout = store.clusters.get("khab")?.layout ?? 0;
    store.apply(document({ frame: 2, clusters: [] }));
    expect(store.clusters.size).toBe(0);
    store.apply(document({ frame: 3, clusters: [delta({ full: true })] }));
    expect(store.clusters.get("khab")?.layout).toBeGreaterThan(layout);
  });
});

describe("changes", () => {
  test("leave alone what they do not name", () => {
    const store = filled();
    const layout = store.clusters.get("khab")?.layout;
    store.apply(
      document({
        frame: 2,
        nowMs: 6_000,
        clusters: [delta({ frameTimeMs: 2_000, numbers: [numbers(0, [[2, 7]], 1_900)] })],
      }),
    );
    const khab = store.clusters.get("khab");
    expect(khab?.columns[0]?.values).toEqual([0.5, undefined, 7]);
    expect(khab?.columns[0]?.timesMs[0]).toBe(900);
    expect(khab?.columns[0]?.timesMs[2]).toBe(1_900);
    expect(khab?.layout).toBe(layout);
    expect(store.nowMs).toBe(6_000);
  });

  test("a row that is freed and given to another host in one answer starts empty", () => {
    const store = filled();
    store.apply(
      document({
        frame: 2,
        clusters: [delta({ goneRows: Uint32Array.of(2), hosts: [{ row: 2, facts: newHostFacts("c") }] })],
      }),
    );
    const khab = store.clusters.get("khab");
    expect(khab?.findRow("b")).toBe(-1);
    expect(khab?.findRow("c")).toBe(2);
    expect(khab?.columns[0]?.values[2]).toBeUndefined();
    expect(khab?.columns[3]?.texts[2]).toBeUndefined();
    expect(khab?.hosts[2]?.reportedMs).toBe(0);
  });

  test("metadata of one host's own stands before the common one", () => {
    const store = filled();
    const own = { ...META, units: "loads" };
    store.apply(
      document({
        frame: 2,
        clusters: [
          delta({
            metrics: [
              {
                column: 0,
                name: "load_one",
                kind: "number",
                meta: META,
                own: [{ rows: Uint32Array.of(2), meta: own }],
              },
            ],
          }),
        ],
      }),
    );
    const khab = store.clusters.get("khab");
    const column = khab?.findColumn("load_one", "number");
    expect(column && khab?.metaOf(column, 0)?.units).toBe(" ");
    expect(column && khab?.metaOf(column, 2)?.units).toBe("loads");
    // The values of the column stay.
    expect(column?.values[2]).toBe(1.5);
  });
});

describe("refused, and nothing changed by it", () => {
  test.each<[string, ChangesDocument, RegExp]>([
    ["changes of another run", document({ instance: "i2", frame: 2 }), /instance/],
    ["a value in a row without a host", document({ clusters: [delta({ numbers: [numbers(0, [[1, 1]])] })] }), /row 1/],
    [
      "a value in a column nobody told of",
      document({ clusters: [delta({ numbers: [numbers(5, [[0, 1]])] })] }),
      /column 5/,
    ],
    ["numbers in a text column", document({ clusters: [delta({ numbers: [numbers(3, [[0, 1]])] })] }), /column 3/],
    [
      "a value of a host that goes in the same answer",
      document({ clusters: [delta({ goneRows: Uint32Array.of(0), numbers: [numbers(0, [[0, 1]])] })] }),
      /row 0/,
    ],
    [
      "a time for nobody",
      document({ clusters: [delta({ heardRows: Uint32Array.of(7), heardMs: Float64Array.of(1) })] }),
      /row 7/,
    ],
    ["one cluster twice", document({ clusters: [delta(), delta()] }), /twice/],
    [
      "a good cluster before a bad one",
      document({
        clusters: [
          delta({ numbers: [numbers(0, [[0, 9]])] }),
          delta({ name: "other", full: true, numbers: [numbers(0, [[0, 9]])] }),
        ],
      }),
      /other/,
    ],
  ])("%s", (_what, changes, message) => {
    const store = filled();
    const before = snapshot(store);
    expect(() => store.apply(changes)).toThrow(MalformedAnswer);
    expect(() => store.apply(changes)).toThrow(message);
    expect(snapshot(store)).toBe(before);
  });
});
