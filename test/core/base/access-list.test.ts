import { describe, expect, test } from "vitest";
import { isLoopback, NetworkList, parseNetwork } from "../../../core/base/access-list.js";

test.each([
  ["10.1.2.3", { address: "10.1.2.3", prefix: 32, family: "ipv4" }],
  ["10.0.0.0/8", { address: "10.0.0.0", prefix: 8, family: "ipv4" }],
  ["0.0.0.0/0", { address: "0.0.0.0", prefix: 0, family: "ipv4" }],
  ["::1", { address: "::1", prefix: 128, family: "ipv6" }],
  ["fd00::/8", { address: "fd00::", prefix: 8, family: "ipv6" }],
])("%s is a network", (text, network) => {
  expect(parseNetwork(text)).toEqual(network);
});

test("a list has the addresses of its networks, however a socket writes them", () => {
  const list = new NetworkList(["10.1.0.0/16", "fd00::/8"], "allow");
  expect(["10.1.2.3", "::ffff:10.1.2.3", "fd12::1%eth0"].map((ip) => list.has(ip))).toEqual([true, true, true]);
  expect(["10.2.0.1", "127.0.0.1", "fe80::1%eth0", "node1", ""].map((ip) => list.has(ip))).not.toContain(true);
});

test("an empty list has nobody", () => {
  expect(new NetworkList([], "allow").has("127.0.0.1")).toBe(false);
});

test("what is no network is refused under the name of its setting", () => {
  expect(() => new NetworkList(["10.0.0.0/8", "node1"], "sources.live.allow")).toThrow(
    'sources.live.allow: "node1", expected an address or network such as',
  );
});

describe("loopback", () => {
  test.each(["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "localhost"])("%s is", (host) => {
    expect(isLoopback(host)).toBe(true);
  });
  test.each(["128.0.0.1", "0.0.0.0", "::2", "127.0.0.1.example.org", "127.example", ""])("%s is not", (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});
