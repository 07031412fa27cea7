import { describe, expect, test } from "vitest";
import { argumentFault, fillArgv, isSafeValue } from "../../../triggers/actions/argv.js";

const values = { host: "node1", cluster: "khab", trigger: "cpu-too-hot", severity: "critical", episode: "1f-9a3b" };

test.each<[string[], string[]]>([
  [["/bin/true"], ["/bin/true"]],
  [
    ["/bin/echo", "{{host}}"],
    ["/bin/echo", "node1"],
  ],
  [
    ["x", "NodeName={{host}}", "Reason={{trigger}}"],
    ["x", "NodeName=node1", "Reason=cpu-too-hot"],
  ],
  [
    ["x", "{{ host }}/{{cluster}}:{{\tseverity }}{{episode}}"],
    ["x", "node1/khab:critical1f-9a3b"],
  ],
  [
    ["x", "$HOME `id` ; | & > {x}"],
    ["x", "$HOME `id` ; | & > {x}"],
  ],
])("%j", (template, argv) => {
  for (const argument of template) expect(argumentFault(argument)).toBeUndefined();
  expect(fillArgv(template, values)).toEqual({ argv });
});

test("a value is not read again", () => {
  const tricky = { ...values, host: "a", cluster: "{{host}}" };
  expect(fillArgv(["{{host}}"], tricky)).toEqual({ argv: ["a"] });
  expect(fillArgv(["{{cluster}}"], tricky)).toHaveProperty("refusal");
});

describe("values", () => {
  test.each(["node1", "NODE-1.example_x", "0", "a..b", "node1-"])("%j may stand in an argument", (value) => {
    expect(isSafeValue(value)).toBe(true);
  });

  test.each([
    "",
    "-rf",
    ".ssh",
    "_x",
    "a b",
    "a/b",
    "../x",
    "a;b",
    "$(reboot)",
    "`reboot`",
    "a\nb",
    "node1\n",
    "a'b",
    'a"b',
    "a=b",
    "a*",
    "ä",
    "a\0",
    "{{host}}",
  ])("%j may not", (value) => {
    expect(isSafeValue(value)).toBe(false);
    expect(fillArgv(["x{{host}}"], { ...values, host: value })).toEqual({ refusal: expect.stringContaining("host") });
    // Where it is not asked for, it does no harm.
    expect(fillArgv(["x{{trigger}}"], { ...values, host: value })).toEqual({ argv: ["xcpu-too-hot"] });
  });
});
