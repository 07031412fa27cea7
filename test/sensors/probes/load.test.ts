import { describe, expect, it } from "vitest";
import { createLoadProbe } from "../../../sensors/probes/load/index.js";
import { parseLoadAverages } from "../../../sensors/probes/load/parse.js";
import { measureOnce } from "./support.js";

describe("parseLoadAverages", () => {
  it.each([
    ["0.20 0.18 0.12 1/80 11206\n", { one: 0.2, five: 0.18, fifteen: 0.12 }],
    ["0.00 0.00 0.00", { one: 0, five: 0, fifteen: 0 }],
    ["  3 2\t1\n", { one: 3, five: 2, fifteen: 1 }],
    ["65536.00 1.00 1.00 1/1 1", { one: 65536, five: 1, fifteen: 1 }],
  ])("%j", (text, expected) => {
    expect(parseLoadAverages(text)).toEqual(expected);
  });

  it.each(["", "0.20", "0.20 0.18", "-1 0 0", "nan 0 0", "0.2 0.18 inf", "0x1 0 0", "<html>"])("refuses %j", (text) => {
    expect(() => parseLoadAverages(text)).toThrow(
      `Cannot parse /proc/loadavg: found ${JSON.stringify(text)}, expected three averages`,
    );
  });

  it("shows no more than the beginning of what it refuses", () => {
    expect(() => parseLoadAverages("x".repeat(10_000))).toThrow(/^.{1,200}$/);
  });
});

describe("load probe", () => {
  it.each([
    ["load/normal", { load_one: 0.2, load_five: 0.18, load_fifteen: 0.12 }],
    ["load/busy", { load_one: 1024.31, load_five: 987, load_fifteen: 512.9 }],
  ])("reads %s", async (tree, expected) => {
    expect(await measureOnce(createLoadProbe, tree)).toEqual(expected);
  });

  it.each(["load/short", "load/words", "load/negative", "load/empty"])("fails on %s", async (tree) => {
    await expect(measureOnce(createLoadProbe, tree)).rejects.toThrow("Cannot parse /proc/loadavg");
  });

  it("names the file that is missing", async () => {
    await expect(measureOnce(createLoadProbe, "memory/normal")).rejects.toThrow(/^Cannot read .*loadavg: ENOENT/);
  });
});
