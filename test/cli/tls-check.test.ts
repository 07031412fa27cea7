/** What `grate check` says of the TLS files that a configuration names. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { check } from "../../collector/bin/check.js";
import { loadConfiguration } from "../../collector/bin/configuration.js";
import { checkTlsFiles } from "../../collector/bin/tls-check.js";
import { systemClock } from "../../core/base/clock.js";
import { findProgram } from "../setup/peers.mjs";
import { makeAuthority } from "../support/certificates.js";

const DAY = 86_400_000;

describe.skipIf(findProgram("openssl") === undefined)("check looks at TLS files", () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-tls-check-"));
  const file = join(folder, "grate.yaml");

  beforeAll(() => {
    const authority = makeAuthority(folder);
    for (const name of ["a", "b"]) authority.sign(name);
    writeFileSync(join(folder, "text.pem"), "no certificate\n");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** @param files relative paths, as a user writes them */
  const tls = (cert: string, key: string, ca = "ca.pem") => `{ cert: ${cert}, key: ${key}, ca: ${ca} }`;
  const GOOD = tls("ca-a.pem", "ca-a.key");

  function checked(text: string, nowMs = systemClock.nowMs()) {
    writeFileSync(file, text);
    return checkTlsFiles(loadConfiguration(file), nowMs);
  }
  const lines = (text: string, nowMs?: number) =>
    checked(text, nowMs).faults.map(({ line, column, message }) => `${line}:${column} ${message}`);
  const at = (name: string) => join(folder, name);

  test("good ones are no fault, wherever they are named", () => {
    const source = `[{ name: s, type: ganglia-xml, address: "h:1", tls: ${GOOD} }]`;
    expect(checked(`sources: ${source}\nserve: { tls: ${GOOD} }\nviewer: { tls: ${GOOD} }\n`)).toEqual({
      faults: [],
      warnings: [],
    });
  });

  test.each<[string, string, string]>([
    [
      "a certificate that is missing",
      tls("no.pem", "ca-a.key"),
      `1:23 cannot read serve.tls.cert: AT/no.pem: there is no such file`,
    ],
    ["a key that is a directory", tls("ca-a.pem", "."), "1:38 cannot read serve.tls.key: AT: it is a directory"],
    [
      "a key that fits another certificate",
      tls("ca-a.pem", "ca-b.key"),
      "1:38 serve.tls.key: AT/ca-b.key is not the key of AT/ca-a.pem",
    ],
    [
      "an authority that is none",
      tls("ca-a.pem", "ca-a.key", "text.pem"),
      "1:52 serve.tls.ca: AT/text.pem cannot be used",
    ],
  ])("%s is told with the place of its key", (_what, keys, expected) => {
    const [line, ...others] = lines(`serve: { tls: ${keys} }\n`);
    expect(line).toContain(expected.replaceAll("AT", folder));
    expect(others).toEqual([]);
  });

  test("all faults are told at once, of sources, ports and viewer", () => {
    const bad = tls("no.pem", "no.key", "no-ca.pem");
    const source = `  - { name: s, type: ganglia-xml, address: "h:1", tls: ${bad} }`;
    const told = lines(`sources:\n${source}\nserve: { tls: ${bad} }\nviewer: { tls: ${bad} }\n`);
    expect(told.map((line) => line.replace(/ cannot read ([a-z.]+): .*/, " $1"))).toEqual([
      "2:64 sources.tls.cert",
      "2:77 sources.tls.key",
      "2:89 sources.tls.ca",
      "3:23 serve.tls.cert",
      "3:36 serve.tls.key",
      "3:48 serve.tls.ca",
      "4:24 viewer.tls.cert",
      "4:37 viewer.tls.key",
      "4:49 viewer.tls.ca",
    ]);
  });

  test.each<[string, number, RegExp]>([
    [
      "has expired",
      3 * DAY,
      /^1:23 serve\.tls\.cert: .*ca-a\.pem has expired on \d{4}-\d\d-\d\d \d\d:\d\d UTC, expected/,
    ],
    [
      "is not valid yet",
      -2 * DAY,
      /^1:23 serve\.tls\.cert: .*ca-a\.pem is not valid before \d{4}-.* UTC; is this machine's clock/,
    ],
  ])("a certificate that %s is told, and so is its authority", (_what, offsetMs, expected) => {
    const [cert, ca, ...others] = lines(`serve: { tls: ${GOOD} }\n`, systemClock.nowMs() + offsetMs);
    expect(cert).toMatch(expected);
    expect(ca).toMatch(/^1:52 serve\.tls\.ca: /);
    expect(others).toEqual([]);
  });

  test("a key that others can read is a warning, not a fault", () => {
    chmodSync(at("ca-b.key"), 0o644);
    const { faults, warnings } = checked(`serve: { tls: ${tls("ca-b.pem", "ca-b.key")} }\n`);
    expect(faults).toEqual([]);
    expect(warnings).toMatchObject([{ line: 1, column: 38, message: expect.stringContaining("has mode 0644") }]);
  });

  test("the command refuses the file as it does for other faults, and prints nothing on stdout", () => {
    writeFileSync(file, `serve: { tls: ${tls("no.pem", "ca-a.key")} }\n`);
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    try {
      expect(() => check(file, {})).toThrow(`${file}:1:23: cannot read serve.tls.cert: ${at("no.pem")}`);
      expect(write).not.toHaveBeenCalled();
      writeFileSync(file, `serve: { tls: ${GOOD} }\n`);
      expect(check(file, {})).toBe(0);
      expect(write).toHaveBeenCalledTimes(1);
    } finally {
      write.mockRestore();
    }
  });
});
