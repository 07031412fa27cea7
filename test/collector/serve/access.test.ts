import { describe, expect, test } from "vitest";
import { AccessList, normalAddress } from "../../../collector/serve/access.js";
import { parseNetwork } from "../../../core/base/access-list.js";

const access = new AccessList(["10.1.0.0/16", "192.0.2.7", "fd00::/8", "2001:db8::1", "0.0.0.0/32"]);

test.each([
  "127.0.0.1",
  "127.8.9.10",
  "::1",
  "::ffff:127.0.0.1",
  "10.1.0.0",
  "10.1.255.255",
  "::ffff:10.1.2.3",
  "::FFFF:10.1.2.3",
  "192.0.2.7",
  "fd12:3456::1",
  "fd12::1%eth0",
  "2001:db8::1",
])("%s is let in", (address) => {
  expect(access.allows(address)).toBe(true);
});

test.each([
  "10.2.0.1",
  "10.0.255.255",
  "192.0.2.8",
  "::ffff:192.0.2.8",
  "::2",
  "fe80::1%lo",
  "2001:db8::2",
  "::ffff:0:127.0.0.1",
  "64:ff9b::127.0.0.1",
  "",
  "localhost",
  "127.0.0.1.evil",
  undefined,
])("%s is refused", (address) => {
  expect(access.allows(address)).toBe(false);
});

test("an empty list lets in loopback and nobody else", () => {
  const none = new AccessList([]);
  expect(none.allows("127.0.0.1")).toBe(true);
  expect(none.allows("10.1.0.1")).toBe(false);
});

test("a network of everything is everything of its family", () => {
  expect(new AccessList(["0.0.0.0/0"]).allows("203.0.113.9")).toBe(true);
  expect(new AccessList(["0.0.0.0/0"]).allows("2001:db8::1")).toBe(false);
});

describe("an entry that is no network is refused with its text", () => {
  test.each([
    "",
    "10.0.0.0/33",
    "fd00::/129",
    "10.0.0",
    "10.0.0.0/",
    "10.0.0.0/-1",
    "node1",
    "*",
    "10.0.0.0/8 ",
    "::1%lo",
  ])("%j", (text) => {
    expect(parseNetwork(text)).toBeUndefined();
    expect(() => new AccessList([text])).toThrow(`serve.allow: ${JSON.stringify(text)}, expected an address`);
  });
});

test.each([
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["fe80::1%eth0", "fe80::1"],
  ["10.0.0.1", "10.0.0.1"],
])("%s is known as %s", (address, normal) => {
  expect(normalAddress(address)).toBe(normal);
});
