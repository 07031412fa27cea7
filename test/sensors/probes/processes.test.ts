import { describe, expect, it } from "vitest";
import { createProcessesProbe } from "../../../sensors/probes/processes/index.js";
import { measureOnce } from "./support.js";

describe("processes probe", () => {
  it.each([
    ["processes/normal", { proc_run: 3, proc_total: 96 }],
    ["processes/nothing-counted", { proc_run: 0, proc_total: 96 }],
    ["load/busy", { proc_run: 96, proc_total: 18231 }],
  ])("reads %s", async (tree, expected) => {
    expect(await measureOnce(createProcessesProbe, tree)).toEqual(expected);
  });

  it.each(["processes/short", "processes/no-slash", "load/empty"])("fails on %s", async (tree) => {
    await expect(measureOnce(createProcessesProbe, tree)).rejects.toThrow('expected a fourth word such as "1/80"');
  });
});
