import { describe, expect, test } from "vitest";
import { hasWildcardSocket, isOverheard } from "../../../sensors/ganglia/channel-neighbours.js";

const SOCKETS_HEAD =
  "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const slot = (local: string) =>
  `  92: ${local} 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 7\n`;
const WILDCARD = SOCKETS_HEAD + slot("00000000:21C9");
const ELSEWHERE = SOCKETS_HEAD + slot("470B02EF:21C9") + slot("0100007F:21C9") + slot("00000000:0035");

const groups4 = (users: number) =>
  `Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n1\tlo        :     1      V3\n` +
  `\t\t\t\t010000E0     1 0:00000000\t\t0\n4\teth0      :     2      V3\n\t\t\t\t470B02EF     ${users} 0:00000000\t\t0\n`;
const NO_GROUP4 =
  "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n\t\t\t\t010000E0     1 0:00000000\t\t0\n";

const listen = { host: "239.2.11.71", port: 8649 };
const overheard = (sockets: string, groups: string, own: number, at = listen) =>
  isOverheard(at, own, () => ({ sockets, groups }));

describe("whether somebody hears the group on account of us", () => {
  test.each([
    ["a socket on the wildcard address, and nobody in the group", WILDCARD, NO_GROUP4, 0, true],
    ["the same after we have joined", WILDCARD, groups4(1), 1, true],
    ["it has joined the group itself, as gmond does without bind", WILDCARD, groups4(1), 0, false],
    ["the same after we have joined", WILDCARD, groups4(2), 1, false],
    ["sockets on the group, on one address, on another port", ELSEWHERE, NO_GROUP4, 0, false],
    ["no tables, as on other systems", "", "", 0, false],
  ])("%s", (_, sockets, groups, own, expected) => {
    expect(overheard(sockets, groups, own)).toBe(expected);
  });

  test("IPv6: a group is known however it is written", () => {
    const sockets = `${SOCKETS_HEAD}  5: ${"0".repeat(32)}:21C9 ${"0".repeat(32)}:0000 07\n`;
    const groups = "4    eth0            ff15000000000000000000000000beef     1 00000004 0\n";
    for (const host of ["ff15::beef", "ff15:0::beef", "FF15::BEEF%eth0", "ff15:0:0:0:0:0:0:beef"]) {
      expect(overheard(sockets, groups, 0, { host, port: 8649 })).toBe(false);
      expect(overheard(sockets, groups, 1, { host, port: 8649 })).toBe(true);
    }
  });

  test("a port is compared whole", () => {
    expect(hasWildcardSocket(SOCKETS_HEAD + slot("00000000:0035"), 53)).toBe(true);
    expect(hasWildcardSocket(SOCKETS_HEAD + slot("00000000:0035"), 5)).toBe(false);
    expect(hasWildcardSocket(SOCKETS_HEAD + slot("00000000:0035"), 0x35_00)).toBe(false);
  });
});
