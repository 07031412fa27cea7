import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTlsFiles, type TlsPaths } from "../../../core/base/tls-files.js";
import { findProgram } from "../../setup/peers.mjs";
import { makeAuthority } from "../../support/certificates.js";

describe.skipIf(findProgram("openssl") === undefined)("the files of mutual TLS", () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-tls-files-"));
  let good: TlsPaths;
  let other: TlsPaths;

  beforeAll(() => {
    const authority = makeAuthority(folder);
    good = { ...authority.sign("server"), ca: authority.ca };
    other = { ...authority.sign("other"), ca: authority.ca };
    writeFileSync(join(folder, "text.pem"), "no certificate\n");
    writeFileSync(join(folder, "huge.pem"), "x".repeat(2 ** 20 + 1));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("are read, and nothing is unwise about a key of mode 0600", () => {
    const files = readTlsFiles(good, "serve.tls");
    expect(files.cert).toContain("BEGIN CERTIFICATE");
    expect(files.key).toContain("PRIVATE KEY");
    expect(files.ca).toContain("BEGIN CERTIFICATE");
    expect(files.warnings).toEqual([]);
  });

  test.each([
    [0o640, "0640"],
    [0o604, "0604"],
    [0o777, "0777"],
  ])("a key of mode %o is used, with a warning that names it", (mode, shown) => {
    chmodSync(good.key, mode);
    expect(readTlsFiles(good, "serve.tls").warnings).toEqual([
      `serve.tls.key: ${good.key} has mode ${shown}: others can use it, expected 0600`,
    ]);
    chmodSync(good.key, 0o600);
  });

  test.each<[string, keyof TlsPaths, string, string]>([
    ["a certificate that is not there", "cert", "nosuch.pem", "there is no such file"],
    ["a key that is not there", "key", "nosuch.pem", "there is no such file"],
    ["a folder", "ca", "", "it is a directory"],
    ["a file far too large", "ca", "huge.pem", "it is larger than 1048576 bytes"],
  ])("%s is named", (_what, name, file, reason) => {
    const path = file === "" ? folder : join(folder, file);
    expect(() => readTlsFiles({ ...good, [name]: path }, "serve.tls")).toThrow(
      `cannot read serve.tls.${name}: ${path}: ${reason}`,
    );
  });

  test.each<[keyof TlsPaths, string]>([
    ["cert", "a certificate in PEM form"],
    ["key", "an unencrypted private key in PEM form"],
    ["ca", "certificates in PEM form"],
  ])("a %s that is none is named", (name, expected) => {
    const path = join(folder, "text.pem");
    expect(() => readTlsFiles({ ...good, [name]: path }, "x.tls")).toThrow(
      new RegExp(`^x\\.tls\\.${name}: ${path} cannot be used \\(.+\\), expected ${expected}$`),
    );
  });

  test("a key of another certificate is named with it", () => {
    expect(() => readTlsFiles({ ...good, key: other.key }, "serve.tls")).toThrow(
      `serve.tls.key: ${other.key} is not the key of ${good.cert}, expected the key of that certificate`,
    );
  });
});
