import { describe, expect, test } from "vitest";
import { viewerSchema } from "../../viewer/config.js";

describe("viewer configuration", () => {
  test("absent: the default ports on loopback", () => {
    expect(viewerSchema.parse(undefined)).toEqual({
      listen: { host: "127.0.0.1", port: 8660 },
      collector: { host: "127.0.0.1", port: 8662 },
      control: { host: "127.0.0.1", port: 8663 },
      names: [],
    });
  });

  test("what is given replaces the default", () => {
    const config = viewerSchema.parse({ listen: "[::]:80", collector: "col:8662", names: ["mon.example.org"] });
    expect(config.listen).toEqual({ host: "::", port: 80 });
    expect(config.collector).toEqual({ host: "col", port: 8662 });
    expect(config.names).toEqual(["mon.example.org"]);
  });

  test.each([
    ["an unknown key", { port: 80 }, /port/],
    ["an address without a port", { listen: "127.0.0.1" }, /not an address/],
    ["a name that is none", { names: ["http://mon/"] }, /expected a host name/],
    ["a number as address", { collector: 8662 }, /expected an address/],
  ])("refused: %s", (_what, input, message) => {
    const result = viewerSchema.safeParse(input);
    expect(result.success).toBe(false);
    expect(JSON.stringify(result.error?.issues)).toMatch(message);
  });
});
