/** Files with forecasts and computed sources, made by rrdtool: read like any other, never written. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Answer, ourPipe } from "./support/our-pipe.js";
import { isSameDump } from "./support/same-dump.js";

const FIXTURES = resolve(import.meta.dirname, "../../fixtures/rrd/read-only");
const recorded = (name: string) => readFileSync(join(FIXTURES, name), "utf8");

describe("files that are only read", () => {
  let directory: string;
  let answer: (line: string) => Answer;
  beforeEach(() => {
    vi.stubEnv("TZ", "UTC");
    directory = mkdtempSync(join(tmpdir(), "grate-rrd-"));
    cpSync(FIXTURES, directory, { recursive: true });
    answer = ourPipe(directory);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(directory, { recursive: true, force: true });
  });

  describe.each(["forecast", "multiplicative", "reach"])("%s.rrd", (name) => {
    test("info, dump and fetch are rrdtool's", () => {
      expect(answer(`info ${name}.rrd`).output).toBe(recorded(`${name}.info.txt`));
      expect(isSameDump(answer(`dump ${name}.rrd`).output, recorded(`${name}.dump.xml`))).toBe(true);
      const { output, verdict } = answer(`fetch ${name}.rrd AVERAGE -s 999999960 -e 1000000305`);
      expect(output + (verdict === "OK" ? "" : `${verdict}\n`)).toBe(recorded(`${name}.fetch.txt`));
    });

    test("an update is refused and leaves every byte", () => {
      const before = readFileSync(join(directory, `${name}.rrd`));
      expect(answer(`update ${name}.rrd 1000000500:1:2`).verdict).toMatch(
        /^ERROR: .* are read, not updated$|such files are read, not updated$/,
      );
      expect(readFileSync(join(directory, `${name}.rrd`)).equals(before)).toBe(true);
    });
  });

  test.each([
    ["DS:a:COMPUTE:1,2,+ RRA:AVERAGE:0.5:1:5", "COMPUTE data sources are read, not created: expected another type"],
    [
      "DS:a:GAUGE:5:U:U RRA:HWPREDICT:10:0.1:0.1:5",
      "archives of HWPREDICT are read, not created: expected AVERAGE, MIN, MAX or LAST",
    ],
    ["--template x.rrd DS:a:GAUGE:5:U:U", "--template is not supported: expected DS: and RRA: definitions"],
    [
      "-d unix:/x DS:a:GAUGE:5:U:U RRA:LAST:0:1:1",
      "--daemon is not supported: expected a file that is reached directly",
    ],
  ])("create %s is refused", (words, message) => {
    expect(answer(`create new.rrd ${words}`).verdict).toBe(`ERROR: ${message}`);
  });

  test.each([
    ["-d a:COMPUTE", "COMPUTE data sources are read, not made: expected another type"],
    ["-h a:-5", "invalid arguments for heartbeat"],
    ["--alpha 0.2", "--alpha is not supported: archives of forecasts are read, not changed"],
    ["DELRRA:0", "adding and removing data sources and archives is not supported: 'DELRRA:0'"],
  ])("tune %s is refused and leaves every byte", (words, message) => {
    const before = readFileSync(join(directory, "forecast.rrd"));
    expect(answer(`tune forecast.rrd ${words}`).verdict).toBe(`ERROR: ${message}`);
    expect(readFileSync(join(directory, "forecast.rrd")).equals(before)).toBe(true);
  });
});
