import { describe, expect, it } from "vitest";
import { isMulticast } from "../../../sensors/ganglia/multicast.js";

describe("isMulticast", () => {
  it.each([
    ["239.2.11.71", true],
    ["224.0.0.1", true],
    ["239.255.255.255", true],
    ["223.255.255.255", false],
    ["240.0.0.1", false],
    ["127.0.0.1", false],
    ["0.0.0.0", false],
    ["ff02::1", true],
    ["FF05::2:11:71", true],
    ["ff02::1%eth0", true],
    ["fe80::1", false],
    ["::", false],
    ["ff.example", false],
    ["239.example", false],
  ])("%s: %s", (host, expected) => {
    expect(isMulticast(host)).toBe(expected);
  });
});
