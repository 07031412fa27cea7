import { expect, test } from "vitest";
import { formatAddress, parseAddress } from "../../../core/base/address.js";

test.each([
  ["10.0.0.1:8649", "10.0.0.1", 8649],
  ["node-1.example.org:1", "node-1.example.org", 1],
  ["[::1]:65535", "::1", 65535],
  ["[fe80::1%eth0]:80", "fe80::1%eth0", 80],
])("%s", (text, host, port) => {
  expect(parseAddress(text)).toEqual({ host, port });
  expect(formatAddress({ host, port })).toBe(text);
});

test.each(["", "host", "host:", ":80", "::1:80", "host:65536", "host:80x", "a b:80", "http://x:80", "[::1]"])(
  "%j is no address",
  (text) => {
    expect(parseAddress(text)).toBeUndefined();
  },
);
