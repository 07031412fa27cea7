/** Asking a query port that wants certificates. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../core/base/clock.js";
import type { TlsPeer } from "../../../core/base/tls-client.js";
import { askLine } from "../../../viewer/pull/line-client.js";
import { findProgram } from "../../setup/peers.mjs";
import { makeAuthority } from "../../support/certificates.js";

const NAME = "collector.test";
const hasOpenssl = findProgram("openssl") !== undefined;

describe.skipIf(!hasOpenssl)(hasOpenssl ? "a query over TLS" : "a query over TLS (openssl is not installed)", () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-viewer-tls-"));
  const ours = makeAuthority(folder, "ours");
  const own = ours.sign(NAME);
  const viewer = ours.sign("viewer");
  const stranger = makeAuthority(folder, "theirs").sign("stranger");
  let server: Server;
  let port = 0;

  beforeAll(async () => {
    const [cert, key, ca] = [own.cert, own.key, ours.ca].map((file) => readFileSync(file, "latin1")) as [
      string,
      string,
      string,
    ];
    server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: true }, (socket) => {
      socket.on("error", () => {});
      socket.once("data", (line) => socket.end(`answer to ${line.toString().trim()}`));
    });
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** 0.0.0.0 reaches this machine and is no loopback address, which is always asked in plain TCP. */
  const ask = (more: Partial<TlsPeer> = {}, host = "0.0.0.0") =>
    askLine("grate:1/status", {
      address: { host, port },
      clock: systemClock,
      totalLimitMs: 10_000,
      signal: new AbortController().signal,
      tls: { cert: viewer.cert, key: viewer.key, ca: ours.ca, serverName: NAME, ...more },
    });

  it("shows our certificate and reads the answer", async () => {
    await expect(ask()).resolves.toBe("answer to grate:1/status");
  });

  it("without a certificate says what may be missing", async () => {
    const question = askLine("grate:1/status", {
      address: { host: "0.0.0.0", port },
      clock: systemClock,
      totalLimitMs: 10_000,
      signal: new AbortController().signal,
    });
    await expect(question).rejects.toThrow(
      /closed without an answer; is this machine in its serve\.allow, .*viewer\.tls/,
    );
  });

  it("refuses a collector of another name", async () => {
    await expect(ask({ serverName: "other.test" })).rejects.toThrow('its certificate is not for "other.test"');
  });

  it("says which certificate a collector does not take", async () => {
    await expect(ask({ cert: stranger.cert, key: stranger.key })).rejects.toThrow(stranger.cert);
  });

  it("names a file that is not there", async () => {
    await expect(ask({ key: "/nowhere/viewer.key" })).rejects.toThrow("tls.key: /nowhere/viewer.key");
  });

  it("speaks plain TCP to its own machine, where no certificate is wanted", async () => {
    await expect(ask({}, "127.0.0.1")).rejects.toThrow(/closed|reset/);
  });
});
