import { describe, expect, test } from "vitest";
import { archivesOf } from "../../../../storage/rrd/archive/archives.js";
import { rrdSchema } from "../../../../storage/rrd/archive/config.js";

describe("accepted", () => {
  test("nothing said: gmetad's own layout", () => {
    expect(rrdSchema.parse({})).toEqual({
      dir: "rrds",
      mode: "write",
      step: 15_000,
      rras: ["RRA:AVERAGE:0.5:1:5856", "RRA:AVERAGE:0.5:4:20160", "RRA:AVERAGE:0.5:40:52704"],
      "case-sensitive-hosts": true,
    });
  });

  test.each(["/run/rrdcached.sock", "unix:/run/rrdcached.sock", "127.0.0.1:42217"])("rrdcached at %s", (rrdcached) => {
    expect(rrdSchema.parse({ rrdcached }).rrdcached).toBe(rrdcached);
  });

  test("archives as gmetad.conf has them, durations too", () => {
    const { rras } = rrdSchema.parse({ step: "60s", rras: ["RRA:AVERAGE:0.5:5m:1d", "RRA:MAX:0:60:24"] });
    expect(archivesOf(rras, 60)).toEqual([
      { cf: "AVERAGE", xff: 0.5, pdpCount: 5, rowCount: 288 },
      { cf: "MAX", xff: 0, pdpCount: 60, rowCount: 24 },
    ]);
  });
});

describe("refused", () => {
  const cases: [name: string, input: unknown, words: string][] = [
    ["an unknown key", { path: "x" }, "path"],
    ["an empty directory", { dir: "" }, "expected a path"],
    ["an unknown mode", { mode: "append" }, 'expected \\"write\\" or \\"read\\"'],
    ["a step of no whole seconds", { step: "1500ms" }, "expected whole seconds"],
    ["a step below a second", { step: "500ms" }, "out of range"],
    ["no archives", { rras: [] }, "expected at least one archive"],
    ["too many archives", { rras: Array(33).fill("RRA:AVERAGE:0.5:1:5") }, "expected at most 32 archives"],
    ["an archive without its word", { rras: ["AVERAGE:0.5:1:5"] }, "expected RRA:CF:xff:steps:rows"],
    ["an archive of no rows", { rras: ["RRA:AVERAGE:0.5:1:0"] }, "Invalid row count 0: value must be positive"],
    [
      "an archive of an unknown function",
      { rras: ["RRA:MEDIAN:0.5:1:5"] },
      "Unrecognized consolidation function MEDIAN",
    ],
    ["a forecast", { rras: ["RRA:HWPREDICT:10:0.1:0.1:5"] }, "are read, not created"],
    ["a step that does not fit", { rras: ["RRA:AVERAGE:0.5:20s:5"] }, "would truncate"],
    ["an rrdcached nowhere", { rrdcached: "run/rrdcached.sock" }, "expected a socket or an address"],
    ["no averages", { rras: ["RRA:MAX:0.5:1:5"] }, "expected at least one archive of AVERAGE"],
  ];
  test.each(cases)("%s", (_, input, words) => {
    expect(rrdSchema.safeParse(input).error?.message).toContain(words);
  });
});
