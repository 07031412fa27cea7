import { describe, expect, it } from "vitest";
import { collectorSchema } from "../../collector/config.js";

describe("defaults", () => {
  it("suit a cluster of 1,000 hosts on one machine", () => {
    expect(collectorSchema.parse({})).toEqual({
      window: 3_600_000,
      "window-memory": 256 * 2 ** 20,
      "spill-every": 600_000,
      sync: 1_000,
      limits: { clusters: 1_000, hosts: 65_536, metrics: 8_192 },
      serve: {
        dump: { host: "127.0.0.1", port: 8661 },
        query: { host: "127.0.0.1", port: 8662 },
        control: { host: "127.0.0.1", port: 8663 },
        allow: [],
        grid: "unspecified",
      },
    });
  });
});

describe("accepted", () => {
  it.each<[name: string, given: object, expected: object]>([
    [
      "durations and sizes as people write them",
      { window: "2h30m", "window-memory": "1G" },
      { window: 9_000_000, "window-memory": 2 ** 30 },
    ],
    ["one limit alone", { limits: { hosts: 10 } }, { limits: { clusters: 1_000, hosts: 10, metrics: 8_192 } }],
    ["one address alone", { serve: { dump: "[::]:9000" } }, { serve: { dump: { host: "::", port: 9000 } } }],
    [
      "networks and addresses",
      { serve: { allow: ["10.0.0.0/16", "10.1.2.3", "fd00::/8", "::1"] } },
      { serve: { allow: ["10.0.0.0/16", "10.1.2.3", "fd00::/8", "::1"] } },
    ],
    [
      "who serves, as gmetad's gridname and authority",
      { serve: { grid: "Physics & co", authority: "https://monitor.example.org/ganglia/" } },
      { serve: { grid: "Physics & co", authority: "https://monitor.example.org/ganglia/" } },
    ],
    [
      "certificates for who comes from elsewhere",
      { serve: { tls: { cert: "server.pem", key: "/etc/grate/server.key", ca: "/etc/grate/ca.pem" } } },
      { serve: { tls: { cert: "server.pem", key: "/etc/grate/server.key", ca: "/etc/grate/ca.pem" } } },
    ],
  ])("%s", (_name, given, expected) => {
    expect(collectorSchema.parse(given)).toMatchObject(expected);
  });
});

describe("refused, with what was expected", () => {
  it.each<[given: object, message: string]>([
    [{ window: "10s" }, "10s is out of range"],
    [{ window: 3600 }, "expected a duration such as"],
    [{ "window-memory": "1M" }, "out of range, expected 16M to 1T"],
    [{ "window-memory": "much" }, '"much" is not a size'],
    [{ "spill-every": "1s" }, "1s is out of range"],
    [{ sync: "0s" }, "0s is out of range"],
    [{ limits: { clusters: 0 } }, "Too small"],
    [{ limits: { rows: 5 } }, "Unrecognized key"],
    [
      { serve: { allow: ["example.org"] } },
      'expected an address or a network such as "10.0.0.7", "10.0.0.0/16" or "fd00::/8"',
    ],
    [{ serve: { allow: ["10.0.0.0/33"] } }, "expected an address or a network"],
    [{ serve: { dump: "8661" } }, '"8661" is not an address'],
    [{ serve: { grid: "" } }, 'it is empty, expected a name such as "Physics"'],
    [{ serve: { grid: "a\u0007b" } }, "it has a control character (code 7)"],
    [{ serve: { authority: "monitor.example.org" } }, "expected the URL of a web front-end such as"],
    [{ serve: { authority: "javascript:alert(1)" } }, "expected the URL of a web front-end such as"],
    [{ serve: { tls: { cert: "a.pem", key: "a.key" } } }, "expected the path of a PEM file"],
    [{ serve: { tls: { cert: "", key: "a.key", ca: "b" } } }, "expected the path of a PEM file"],
    [{ windows: "1h" }, "Unrecognized key"],
  ])("%j", (given, message) => {
    const result = collectorSchema.safeParse(given);
    expect(result.success).toBe(false);
    expect(result.error?.message).toContain(message.replaceAll('"', '\\"'));
  });
});
