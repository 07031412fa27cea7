import { describe, expect, it } from "vitest";
import { chooseAddress, thisMachine } from "../../sensors/machine.js";

const entry = (address: string, internal = false) => ({
  address,
  internal,
  netmask: "",
  mac: "",
  cidr: null,
  ...(address.includes(":") ? { family: "IPv6" as const, scopeid: 0 } : { family: "IPv4" as const }),
});

describe("chooseAddress", () => {
  it.each([
    [{}, "127.0.0.1"],
    [{ lo: [entry("127.0.0.1", true)] }, "127.0.0.1"],
    [{ lo: [entry("127.0.0.1", true)], eth0: [entry("fd00::2"), entry("10.0.0.2")] }, "10.0.0.2"],
    [{ eth0: [entry("fe80::1"), entry("fd00::2")] }, "fd00::2"],
    [{ eth0: [entry("fe80::1")] }, "127.0.0.1"],
    [{ eth0: [entry("10.0.0.2")], eth1: [entry("192.168.0.2")] }, "10.0.0.2"],
  ])("%j", (interfaces, expected) => {
    expect(chooseAddress(interfaces)).toBe(expected);
  });

  it("finds something on this machine", () => {
    expect(thisMachine().hostName).not.toBe("");
    expect(thisMachine().ip).not.toBe("");
  });
});
