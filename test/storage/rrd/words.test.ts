/** Command lines typed wrongly or rarely: we say what rrdtool says, and the file is what rrdtool leaves. */
import { existsSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Comparison } from "./support/compare.js";
import { RRDTOOL } from "./support/rrdtool.js";

const START = 999_999_960;
const DS = "DS:a:GAUGE:120:U:U";
const RRA = "RRA:AVERAGE:0.5:1:5";

/** After `create x.rrd --start 999999960`. */
const CREATE = [
  DS,
  RRA,
  "",
  `--step 0 ${DS} ${RRA}`,
  `--step -5 ${DS} ${RRA}`,
  `--step 5x ${DS} ${RRA}`,
  `--step 1m ${DS} ${RRA}`,
  `--step 1M ${DS} RRA:AVERAGE:0.5:1y:5`,
  `--step=60 -b 1000000000 ${DS} ${RRA}`,
  `-s60 ${DS} ${RRA}`,
  `--start abc ${DS} ${RRA}`,
  `foo ${DS} ${RRA}`,
  `DS:a:GAUGE:120:U ${RRA}`,
  `DS:a:GAUGE:120:U:U:U ${RRA}`,
  `DS::GAUGE:120:U:U ${RRA}`,
  `DS:a.b:GAUGE:120:U:U ${RRA}`,
  `DS:aaaaaaaaaaaaaaaaaaaaaaa:GAUGE:120:U:U ${RRA}`,
  `DS:aaaaaaaaaaaaaaaaaaaa:GAUGE:120:U:U ${RRA}`,
  `DS:aaaaaaaaaaaaaaaaaaa:GAUGE:120:U:U ${RRA}`,
  `DS:a:FOO:120:U:U ${RRA}`,
  `DS:a:GAUGE:0:U:U ${RRA}`,
  `DS:a:GAUGE:x:U:U ${RRA}`,
  `DS:a:GAUGE:2h:U:U ${RRA}`,
  `DS:a:GAUGE:120:5:3 ${RRA}`,
  `DS:a:GAUGE:120:5:5 ${RRA}`,
  `DS:a:GAUGE:120:x:5 ${RRA}`,
  `DS:a:GAUGE:120:1:5y ${RRA}`,
  `DS:a:GAUGE:120:123456789012345678:U ${RRA}`,
  `DS:a:GAUGE:120:1234567890123456789:U ${RRA}`,
  `${DS} ${DS} ${RRA}`,
  `${DS} RRA:FOO:0.5:1:5`,
  `${DS} RRA:average:0.5:1:5`,
  `${DS} RRA:AVERAGE:1:1:5`,
  `${DS} RRA:AVERAGE:-0.1:1:5`,
  `${DS} RRA:AVERAGE:x:1:5`,
  `${DS} RRA:AVERAGE:0.5x:1:5`,
  `${DS} RRA:AVERAGE:0.123456:1:5`,
  `${DS} RRA:AVERAGE:0.5:0:5`,
  `${DS} RRA:AVERAGE:0.5:1:0`,
  `${DS} RRA:AVERAGE:0.5:1:-1`,
  `${DS} RRA:AVERAGE:0.5:1`,
  `${DS} RRA:AVERAGE:0.5`,
  `${DS} RRA:AVERAGE`,
  `${DS} RRA:`,
  `${DS} RRA`,
  `${DS} RRA:AVERAGE:0.5:1:5:6`,
  `${DS} RRA:AVERAGE:0.5:x:5`,
  `${DS} RRA:AVERAGE:0.5:1:x`,
  `${DS} RRA:AVERAGE:0.5:1:5x`,
  `${DS} RRA:AVERAGE:0.5:1m:1h`,
  `--step 60 ${DS} RRA:AVERAGE:0.5:5m:1h`,
  `--step 60 ${DS} RRA:AVERAGE:0.5:5m:7m`,
  `DS:a ${RRA}`,
  `DS: ${RRA}`,
  `DS:a:GAUGE ${RRA}`,
  `DS:a:GAUGE:1 ${RRA}`,
  `DS:a:gauge:5:U:U ${RRA}`,
  `-q ${DS} ${RRA}`,
  `--quiet ${DS} ${RRA}`,
  `${DS} ${RRA} --step`,
  `${DS} ${RRA} -s`,
  `DS:a=b:GAUGE:120:U:U ${RRA}`,
  `DS:a:GAUGE:120:u:u ${RRA}`,
  `DS:a:GAUGE:120:: ${RRA}`,
  `DS:a:GAUGE:120:1:1234567890123456789 ${RRA}`,
  `DS:a:GAUGE:120:-inf:inf ${RRA}`,
  `DS:a:GAUGE:120:Ux:Uy ${RRA}`,
  `DS:a:DCOUNTER:120:U:U DS:b:DDERIVE:120:0.007:2.2250738585072e-8 ${RRA}`,
  `DS:a:DCOUNTER:120:U:U DS:b:DDERIVE:120:0.007:1.7976931348623e99 ${RRA}`,
  `DS:a:ABSOLUTE:120:0.123:1e23 RRA:MIN:0:2:3 RRA:MAX:0.99:3:2 RRA:LAST:0.5:1:1`,
];

/** After `update`, on a file with a GAUGE a and a COUNTER b. */
const UPDATE = [
  "x.rrd",
  "x.rrd 999999975",
  "x.rrd 999999975:",
  "x.rrd :1:2",
  "x.rrd 999999975:1",
  "x.rrd 999999975:1:2:3:4",
  "x.rrd 999999975:1:2:",
  "x.rrd x:1:2",
  "x.rrd 999999975x:1:2",
  "x.rrd 99999997:1:2",
  'x.rrd "999999975: 1:2"',
  'x.rrd "999999975:1 :2"',
  "x.rrd 999999975:1:-2",
  "x.rrd 999999975:1:+2",
  "x.rrd 999999975:1:1.0",
  "x.rrd n:1:2",
  "x.rrd -5:1:2",
  "x.rrd foo@1:2",
  "x.rrd 1@2",
  "x.rrd 999999975:1@2",
  "x.rrd 999999975@1:2",
  "x.rrd 999999975.5:1:2 999999975.25:1:2",
  "x.rrd -t a",
  "-t a:b x.rrd 999999975:1",
  '-t "" x.rrd 999999975:1',
  "-t a:z x.rrd 999999975:1:2",
  "-t a:a x.rrd 999999975:1:2",
  "-t a:b:a x.rrd 999999975:1:2:3",
  "-t a x.rrd 999999975",
  "-t a x.rrd 999999975:1:2",
  "--template=b x.rrd 999999975:7",
  "x.rrd 999999975:7:8 --template b:a",
  "x.rrd --skip-past-updates 999999950:1:2 999999975:1:2 999999975:3:4",
  "x.rrd -s 999999950:1:2:3",
  "x.rrd 999999950:1:2:3",
  "x.rrd 999999975:1e1025:2",
  "x.rrd 999999975:1e-1022:2",
  "x.rrd 999999975:-:2",
  "x.rrd 999999975:.:2",
  "x.rrd 999999975:1e5e:2",
  "x.rrd 999999975:1.2.3:2",
  "x.rrd 999999975:--1:2",
  "x.rrd 999999975::",
  "x.rrd 999999975:123456789012345678901234567890x:2",
  "x.rrd 999999975:1e300x:3",
  "x.rrd 999999975:-1e-300x:3",
  "x.rrd 1e9:1:2",
  "x.rrd nan:1:2",
  "x.rrd inf:1:2",
  "x.rrd 99999999999999999999:1:2",
  'x.rrd ""',
  "x.rrd 999999975:U:U:U",
  "x.rrd 999999975:infx:1",
  'x.rrd "999999975: nan:1"',
  "x.rrd 999999975:+nan:1",
  "x.rrd 999999975:1:00000000000000000000000000000000000000000000000000099",
  "x.rrd -- 999999975:1:2",
  "nofile.rrd 999999975:1:2",
  "x.rrd 1000000500:+5:+5 1000000515:7:7",
  "x.rrd 1000000500:a:-12x 1000000515:7:7",
];

/** After `fetch x.rrd`, on the same file after two updates. */
const FETCH = [
  "FOO",
  "average",
  "HWPREDICT",
  "AVERAGE -s 1000000000 -e 999999999",
  "AVERAGE -s 999999960 -e 999999990 -r 0",
  "AVERAGE -s 999999960 -e 999999990 -r x",
  "AVERAGE -s 999999960 -e 999999990 -r 1m",
  "AVERAGE -s 999999960 -e 999999990 -a -r 60",
  "AVERAGE -s 999999960 -e 999999990 -a -r 1h",
  "MIN -s 999999960 -e 999999990",
  "AVERAGE -s",
  "AVERAGE -q",
  "AVERAGE --start=999999960 --end 999999990",
  "AVERAGE --start 999999960 --end start+1min",
  "AVERAGE --start end-2h --end 999999990",
  "AVERAGE --start end-1d-1h --end 1000000000",
  "AVERAGE --start end-3600 --end 1000000000",
  "AVERAGE --start e-1w --end 1000000000 -r 1d",
  "AVERAGE -s abc",
  "AVERAGE -s 999999960 -e xyz",
  "AVERAGE -s end-1h -e start+1h",
];

/** After `tune x.rrd`. */
const TUNE = [
  "-d a:COUNTER",
  "-d a:GAUGE",
  "-d b:DCOUNTER",
  "-d a:FOO",
  "-d z:GAUGE",
  "-d a",
  "-r a:a",
  "-r a:b",
  "-r a:waytoolongnameforadsname",
  "-r a:x.y",
  "-r a",
  "-r a:z -h z:7",
  "-h a:0",
  "-h a:5m",
  "-h a:xx",
  "-h a",
  "-i a:5",
  "-i a:0.123",
  "-i a:U",
  "-i a:xx",
  "-i a:nan",
  "-i a",
  "-i a:5 -a a:3",
  "--heartbeat=a:7 --heartbeat=zz:7",
  "--minimum a:1e3 --maximum b:0.007",
  "--max a:2.5",
  "-q",
];

/** After `resize x.rrd`: two archives of 8 and 4 rows. */
const RESIZE = [
  "0 GROW 3",
  "1 GROW 1",
  "0 SHRINK 1",
  "0 SHRINK 5",
  "0 SHRINK 7",
  "1 SHRINK 3",
  "0 SHRINK 8",
  "0 SHRINK 99",
  "7 GROW 5",
  "a GROW 1",
  "0 GROW 0",
  "0 GROW -1",
  "0 FOO 1",
  "0 GROW",
  "0 GROW 1 2",
];

const suite = RRDTOOL === undefined ? describe.skip : describe;
suite(`the words of rrdtool${RRDTOOL === undefined ? " (rrdtool is not installed)" : ""}`, () => {
  let comparison: Comparison;
  beforeAll(() => {
    comparison = new Comparison();
  });
  afterAll(() => comparison.end());

  const same = async (line: string, files?: readonly string[]) =>
    expect(await comparison.run(line, files)).toBeUndefined();

  describe("create", () => {
    test.each(CREATE)("%s", async (words) => {
      await same(`create x.rrd --start ${START} ${DS} ${RRA}`);
      await same(`create x.rrd --start ${START} ${words}`);
    });

    test("--no-overwrite leaves the file alone", async () => {
      await same(`create x.rrd --start ${START} ${DS} ${RRA}`);
      await same(`create x.rrd --no-overwrite ${DS} ${RRA} ${RRA}`);
      await same(`create x.rrd -O ${DS} ${RRA} ${RRA}`);
    });
  });

  describe("update", () => {
    beforeEach(() => same(`create x.rrd --start ${START} --step 15 ${DS} DS:b:COUNTER:120:U:U ${RRA}`));
    test.each(UPDATE)("%s", (words) => same(`update ${words}`));
  });

  describe("negative counters that stand still", () => {
    beforeEach(() => same(`create x.rrd --start ${START} --step 15 DS:a:DERIVE:120:U:U ${RRA}`));
    test.each(["-5 -5 -5", "5 5 5", "0 -0 0", "-0 -0 -0", "-12345678901234567 -12345678901234567"])(
      "%s",
      async (readings) => {
        for (const [i, reading] of readings.split(" ").entries())
          await same(`update x.rrd ${START + 10 * (i + 1)}:${reading}`);
      },
    );
  });

  describe("fetch", () => {
    beforeEach(async () => {
      await same(`create x.rrd --start ${START} --step 15 ${DS} DS:b:COUNTER:120:U:U ${RRA} RRA:MIN:0.5:3:4`);
      await same(`update x.rrd ${START + 15}:1.5:100 ${START + 47}:2.5:200`);
    });
    test.each(FETCH)("%s", (words) => same(`fetch x.rrd ${words}`));
  });

  describe("tune", () => {
    beforeEach(async () => {
      await same(`create x.rrd --start ${START} --step 15 ${DS} DS:b:DERIVE:120:U:U ${RRA}`);
      await same(`update x.rrd ${START + 15}:1.23456789012:12345678901`);
    });
    test.each(TUNE)("%s", async (words) => {
      await same(`tune x.rrd ${words}`);
      await same("info x.rrd");
    });
  });

  describe("resize", () => {
    test.each(RESIZE.flatMap((words) => [0, 3, 9, 14].map((updates) => [words, updates] as const)))(
      "%s after %d updates",
      async (words, updates) => {
        await same(
          `create x.rrd --start ${START} --step 15 ${DS} DS:b:GAUGE:120:0:9 RRA:AVERAGE:0.5:1:8 RRA:MAX:0.5:2:4`,
        );
        for (let i = 1; i <= updates; i++) await same(`update x.rrd ${START + 13 * i}:${i}:${i % 3}`);
        await same(`resize x.rrd ${words}`);
        await same(`resize x.rrd ${words}`, [
          "x.rrd",
          ...(existsSync(comparison.paths("resize.rrd")[1]) ? ["resize.rrd"] : []),
        ]);
      },
    );
  });

  describe("other commands", () => {
    beforeEach(() => same(`create x.rrd --start ${START} --step 15 ${DS} ${RRA} RRA:MIN:0.5:3:4`));
    afterEach(() => same("last x.rrd"));
    test.each([
      "last nofile.rrd",
      "first nofile.rrd",
      "first x.rrd --rraindex 2",
      "first x.rrd --rraindex -1",
      "first x.rrd --rraindex abc",
      "lastupdate nofile.rrd",
      "dump nofile.rrd",
      "info nofile.rrd",
      "info x.rrd y.rrd",
      "last x.rrd y.rrd",
      "lastupdate x.rrd",
      "first x.rrd",
      "first x.rrd --rraindex 1",
      "first --rraindex=1 x.rrd",
      "dump x.rrd",
      "dump --no-header x.rrd",
      "dump -h none x.rrd",
      "bogus x.rrd",
      'last "x.rrd"',
      "last 'x.rrd'",
      'last "x.rrd',
    ])("%s", (line) => same(line));
  });
});
