import { describe, expect, test } from "vitest";
import type { SeriesBatch } from "../../../core/model/archive.js";
import { SeriesEnds } from "../../../storage/remote/series-ends.js";

const START_MS = 1_700_000_000_000;

/** Samples at these seconds. */
function batch(host: string, seconds: readonly number[], changes: Partial<SeriesBatch> & { cluster?: string } = {}) {
  const { cluster = "khab", ...rest } = changes;
  const timesMs = Float64Array.from(seconds, (second) => START_MS + second * 1_000);
  const key = { cluster, host, metric: "load_one" };
  const made: SeriesBatch = {
    key,
    type: "float",
    units: "",
    tmaxS: 60,
    series: { kind: "number", timesMs, values: timesMs.map(() => 1) },
    ...rest,
  };
  return made;
}

/** "n1 240": host and second of each marker. */
const taken = (ends: SeriesEnds, partMax = 100) =>
  [...ends.take(partMax)]
    .flat()
    .map(({ key, series }) => `${key.host} ${((series.timesMs[0] as number) - START_MS) / 1_000}`);

describe("a series has ended", () => {
  const cases: [name: string, batches: SeriesBatch[], markers: string[]][] = [
    ["nobody", [batch("n1", [0, 15]), batch("n2", [15])], []],
    ["silent for less than four times its TMAX", [batch("n1", [0]), batch("n2", [239])], []],
    ["silent for four times its TMAX, from then on", [batch("n1", [0]), batch("n2", [240])], ["n1 240"]],
    ["by the longest TMAX that anybody said", [batch("n1", [0], { tmaxS: 20 }), batch("n2", [239])], []],
    ["not by another cluster's time", [batch("n1", [0]), batch("n2", [9_000], { cluster: "far" })], []],
    ["not if nobody says how long a value holds", [batch("n1", [0], { tmaxS: undefined }), batch("n2", [900])], []],
    ["not by itself", [batch("n1", [0, 900])], []],
    ["not if it came again within", [batch("n1", [0]), batch("n2", [900]), batch("n1", [890])], []],
    [
      "not if its last sample said so",
      [
        batch("n1", [0], {
          series: { kind: "number", timesMs: Float64Array.of(START_MS), values: Float64Array.of(Number.NaN) },
        }),
        batch("n2", [900]),
      ],
      [],
    ],
    [
      "by its newest sample, also if an older one is given again",
      [batch("n1", [0, 30]), batch("n1", [0]), batch("n2", [270])],
      ["n1 270"],
    ],
  ];
  test.each(cases)("%s", (_, batches, markers) => {
    const ends = new SeriesEnds();
    for (const each of batches) ends.note([each]);
    expect(taken(ends)).toEqual(markers);
  });

  test("is said once, and again after it came back", () => {
    const ends = new SeriesEnds();
    ends.note([batch("n1", [0]), batch("n2", [300])]);
    expect(taken(ends)).toEqual(["n1 240"]);
    ends.note([batch("n2", [900])]);
    expect(taken(ends)).toEqual([]);
    ends.note([batch("n1", [1_000]), batch("n2", [2_000])]);
    expect(taken(ends)).toEqual(["n1 1240"]);
    expect(ends.told).toBe(2);
  });

  test("what could not be given is given the next time", () => {
    const ends = new SeriesEnds();
    ends.note([batch("n1", [0]), batch("n2", [0]), batch("n3", [0]), batch("n4", [900])]);
    const parts = ends.take(2);
    expect(parts.next().value).toHaveLength(2);
    expect(parts.next().value).toHaveLength(1);
    // The queue refused the second part.
    parts.return(undefined);
    expect(taken(ends)).toEqual(["n3 240"]);
  });

  test("times are whole ms", () => {
    const ends = new SeriesEnds();
    ends.note([batch("n1", [0.000_4]), batch("n2", [900])]);
    expect(taken(ends)).toEqual(["n1 240"]);
  });
});
