/** A source that is a port of the collector itself would feed it with what it has written. */
import { describe, expect, test } from "vitest";
import { loadConfiguration } from "../../collector/bin/configuration.js";
import { ownAddresses, ownPortFaults } from "../../collector/bin/own-ports.js";
import { collectorSchema } from "../../collector/config.js";
import type { ConfigError } from "../../core/base/errors.js";
import { sourcesSchema } from "../../sensors/config.js";

const OWN = ["head", "127.0.0.1", "::1", "10.0.0.5", "fd00::5"];

function faults(address: string | readonly string[], serve: object = {}) {
  const sources = sourcesSchema.parse([{ name: "s", type: "ganglia-xml", address }]);
  return ownPortFaults({ sources, serve: collectorSchema.parse({ serve }).serve }, OWN);
}

describe("a source is refused", () => {
  test.each<[string, string, object, string]>([
    ["at the dump port", "127.0.0.1:8661", {}, "dump"],
    ["at the query port", "127.0.0.1:8662", {}, "query"],
    ["at the control port", "127.0.0.1:8663", {}, "control"],
    ["by name", "localhost:8661", {}, "dump"],
    ["by no address, which Linux takes for loopback", "0.0.0.0:8661", {}, "dump"],
    ["on an address of an interface", "10.0.0.5:8661", { dump: "10.0.0.5:8661" }, "dump"],
    ["on any address, by loopback", "127.0.0.1:8661", { dump: "0.0.0.0:8661" }, "dump"],
    ["on any address, by any of loopback", "127.1.2.3:8661", { dump: "0.0.0.0:8661" }, "dump"],
    ["on any address, by an interface", "10.0.0.5:8661", { dump: "0.0.0.0:8661" }, "dump"],
    ["on any address, by an interface of IPv6", "[fd00::5]:8661", { dump: "[::]:8661" }, "dump"],
    ["on any address, by this machine's name", "head:8661", { dump: "0.0.0.0:8661" }, "dump"],
    ["as IPv4 in IPv6", "[::ffff:127.0.0.1]:8661", {}, "dump"],
  ])("%s", (_what, address, serve, port) => {
    const [fault, ...others] = faults(address, serve);
    expect(others).toEqual([]);
    expect(fault?.path).toEqual(["sources", 0, "address"]);
    expect(fault?.message).toContain(
      `is serve.${port} of this very collector, which would read itself; expected a gmond`,
    );
  });

  test("where only one of its addresses is ours, with the place of that one", () => {
    expect(faults(["10.0.0.9:8649", "127.0.0.1:8661"])).toMatchObject([{ path: ["sources", 0, "address", 1] }]);
  });

  test("as the place where a channel's metadata come from", () => {
    const live = { name: "s", type: "ganglia-udp", cluster: "c", listen: "239.2.11.71:8649" };
    const sources = sourcesSchema.parse([{ ...live, "metadata-from": "127.0.0.1:8661" }]);
    const { serve } = collectorSchema.parse({});
    expect(ownPortFaults({ sources, serve }, OWN)).toMatchObject([{ path: ["sources", 0, "metadata-from"] }]);
  });
});

describe("a source is not refused", () => {
  test.each<[string, string, object]>([
    ["on another port", "127.0.0.1:8649", {}],
    ["of another machine with our port", "10.0.0.9:8661", { dump: "0.0.0.0:8661" }],
    ["on an address where we do not listen", "10.0.0.5:8661", {}],
    ["on another address of loopback where we do not listen", "127.0.0.2:8661", {}],
    ["on a name that only a resolver knows", "khab:8661", { dump: "0.0.0.0:8661" }],
    ["where the system chooses our port", "127.0.0.1:8661", { dump: "127.0.0.1:0" }],
  ])("%s", (_what, address, serve) => {
    expect(faults(address, serve)).toEqual([]);
  });
});

test("this machine knows its name and its addresses", () => {
  expect(ownAddresses()).toEqual(expect.arrayContaining(["127.0.0.1"]));
  expect(ownAddresses().length).toBeGreaterThan(1);
});

test("every command refuses such a file, with the place", () => {
  const text = "sources:\n  - { name: a, type: ganglia-xml, address: [127.0.0.1:8649, 127.0.0.1:8661] }\n";
  const list = () => {
    throw Object.assign(new Error("none"), { code: "ENOENT" });
  };
  let faults: ConfigError["faults"] = [];
  try {
    loadConfiguration("g.yaml", { files: { read: () => new TextEncoder().encode(text), list } });
  } catch (error) {
    ({ faults } = error as ConfigError);
  }
  expect(faults).toMatchObject([
    { line: 2, column: 61, message: expect.stringContaining("is serve.dump of this very") },
  ]);
});
