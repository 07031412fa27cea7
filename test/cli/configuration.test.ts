/** What is made of the whole file besides its schema. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadConfiguration } from "../../collector/bin/configuration.js";

const folder = mkdtempSync(join(tmpdir(), "grate-configuration-"));
const file = join(folder, "grate.yaml");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function load(text: string) {
  writeFileSync(file, text);
  return loadConfiguration(file).config;
}

describe("paths of certificates start at the configuration file's directory, absolute ones stay", () => {
  const written = "{ cert: tls/a.pem, key: /etc/a.key, ca: tls/ca.pem }";
  const read = { cert: join(folder, "tls/a.pem"), key: "/etc/a.key", ca: join(folder, "tls/ca.pem") };

  it("of what is served", () => expect(load(`serve: { tls: ${written} }`).serve.tls).toEqual(read));
  it("of the viewer", () => expect(load(`viewer: { tls: ${written} }`).viewer.tls).toEqual(read));
  it("of a source", () => {
    const { sources } = load(`sources: [{ name: a, type: ganglia-xml, address: "h:1", tls: ${written} }]`);
    expect(sources).toMatchObject([{ tls: read }]);
  });
});
