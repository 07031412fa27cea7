import type { NetworkInterfaceInfo } from "node:os";
import { describe, expect, it } from "vitest";
import { addressOfInterface, interfaceOfAddress } from "../../../sensors/ganglia/interfaces.js";

const v4 = (address: string): NetworkInterfaceInfo => ({
  address,
  family: "IPv4",
  netmask: "",
  mac: "",
  internal: false,
  cidr: null,
});
const v6 = (address: string): NetworkInterfaceInfo => ({ ...v4(address), family: "IPv6", scopeid: 0 });

const INTERFACES = {
  lo: [v4("127.0.0.1"), v6("::1")],
  eth0: [v4("10.0.0.2"), v4("10.0.0.3"), v6("fe80::1")],
  eth1: [v6("fd00::7")],
  gone: undefined,
};

describe("addressOfInterface", () => {
  it.each([
    ["eth0", 4, "10.0.0.2"],
    ["eth0", 6, "::%eth0"],
    ["10.0.0.3", 4, "10.0.0.3"],
    ["10.0.0.3", 6, "::%eth0"],
    ["fe80::1", 6, "::%eth0"],
    ["fe80::1", 4, "10.0.0.2"],
    ["fd00::7", 6, "::%eth1"],
    ["eth1", 4, undefined],
    ["eth9", 4, undefined],
    ["10.9.9.9", 4, undefined],
    ["gone", 4, undefined],
  ] as const)("of %s for IPv%i", (wanted, version, expected) => {
    expect(addressOfInterface(INTERFACES, wanted, version)).toBe(expected);
  });
});

describe("interfaceOfAddress", () => {
  it.each([
    ["fe80::1", "eth0"],
    ["127.0.0.1", "lo"],
    ["10.9.9.9", undefined],
  ])("of %s", (address, expected) => {
    expect(interfaceOfAddress(INTERFACES, address)).toBe(expected);
  });
});
