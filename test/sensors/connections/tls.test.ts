/** TLS between a poller and a peer, with certificates that openssl makes for the test. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createPlainServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type SecureVersion, type TLSSocket } from "node:tls";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { Address } from "../../../core/base/address.js";
import { systemClock } from "../../../core/base/clock.js";
import type { TlsPeer } from "../../../core/base/tls-client.js";
import type { FetchRequest } from "../../../sensors/connections/tcp.js";
import { createTlsFetch } from "../../../sensors/connections/tls.js";
import { findProgram } from "../../setup/peers.mjs";
import { type CertificateFiles, makeAuthority } from "../../support/certificates.js";

const NAME = "gmetad.test";
const DOCUMENT = "<GANGLIA_XML/>";

const hasOpenssl = findProgram("openssl") !== undefined;

describe.skipIf(!hasOpenssl)(hasOpenssl ? "fetch over TLS" : "fetch over TLS (openssl is not installed)", () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-tls-"));
  const servers: Server[] = [];
  const ours = makeAuthority(folder, "ours");
  const theirs = makeAuthority(folder, "theirs");
  const server = ours.sign(NAME);
  const client = ours.sign("collector");
  const stranger = theirs.sign("stranger");
  const expired = ours.sign("old.test", 0);

  afterEach(() => {
    for (const each of servers.splice(0)) each.close();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function listening(made: Server): Promise<Address> {
    servers.push(made);
    return new Promise((resolve) => {
      made.listen(0, "127.0.0.1", () => {
        const address = made.address();
        if (address === null || typeof address === "string") throw new Error("the server has no port");
        resolve({ host: "127.0.0.1", port: address.port });
      });
    });
  }

  /** A peer that wants a certificate of its authority, and answers with the name in it. */
  function serve(
    own: CertificateFiles = server,
    onSocket = (socket: TLSSocket) => void socket.end(DOCUMENT),
    maxVersion: SecureVersion = "TLSv1.3",
  ) {
    const [cert, key, ca] = [readFileSync(own.cert), readFileSync(own.key), readFileSync(ours.ca)];
    const made = createServer({ cert, key, ca, requestCert: true, maxVersion }, (socket) => {
      socket.on("error", () => {});
      onSocket(socket);
    });
    made.on("tlsClientError", () => {});
    return listening(made);
  }

  const peer = (more: Partial<TlsPeer> = {}): TlsPeer => ({ ...client, ca: ours.ca, serverName: NAME, ...more });

  const fetch = (address: Address, files: TlsPeer = peer(), more: Partial<FetchRequest> = {}) =>
    createTlsFetch(
      systemClock,
      files,
    )({
      address,
      connectTimeoutMs: 5_000,
      timeoutMs: 10_000,
      sizeLimitBytes: 2 ** 20,
      signal: new AbortController().signal,
      ...more,
    });

  it("reads a document from a peer whose certificate is good, and shows its own", async () => {
    const seen: string[] = [];
    const address = await serve(server, (socket) => {
      seen.push(String(socket.getPeerCertificate().subject["CN"]), String(socket.servername));
      socket.end(DOCUMENT);
    });
    const { bytes, receivedBytes } = await fetch(address);
    expect([Buffer.from(bytes).toString(), receivedBytes, seen]).toEqual([
      DOCUMENT,
      DOCUMENT.length,
      ["collector", NAME],
    ]);
  });

  it("sends the request of a query port once the connection is secure", async () => {
    const address = await serve(server, (socket) => void socket.once("data", (line) => socket.end(line)));
    const { bytes } = await fetch(address, peer(), { request: "/?filter=summary\n" });
    expect(Buffer.from(bytes).toString()).toBe("/?filter=summary\n");
  });

  it("takes a renewed certificate without being made anew", async () => {
    const own = { cert: join(folder, "renewed.pem"), key: join(folder, "renewed.key") };
    const copy = (files: CertificateFiles) => {
      writeFileSync(own.cert, readFileSync(files.cert));
      writeFileSync(own.key, readFileSync(files.key));
    };
    const seen: string[] = [];
    const address = await serve(server, (socket) => {
      seen.push(String(socket.getPeerCertificate().subject["CN"]));
      socket.end(DOCUMENT);
    });
    copy(client);
    await fetch(address, peer(own));
    copy(ours.sign("second"));
    await fetch(address, peer(own));
    expect(seen).toEqual(["collector", "second"]);
  });

  it.each([
    [
      "is signed by somebody else",
      () => serve(),
      () => peer({ ca: theirs.ca }),
      /its certificate is not signed by tls\.ca .*theirs\.pem/,
    ],
    [
      "is for another name",
      () => serve(ours.sign("other.test")),
      () => peer(),
      /its certificate is not for "gmetad\.test", set tls\.server-name/,
    ],
    [
      "is not for the address, where no name is given",
      () => serve(),
      () => peer({ serverName: undefined }),
      /its certificate is not for "127\.0\.0\.1"/,
    ],
    ["has expired", () => serve(expired), () => peer({ serverName: "old.test" }), /its certificate has expired/],
  ])("refuses a peer whose certificate %s", async (_name, makePeer, files, message) => {
    const address = await makePeer();
    await expect(fetch(address, files())).rejects.toThrow(message);
    await expect(fetch(address, files())).rejects.toThrow(`Cannot connect to 127.0.0.1:${address.port}: `);
  });

  it.each(["TLSv1.3", "TLSv1.2"] as const)("says that the peer refuses our certificate, over %s", async (version) => {
    const address = await serve(server, undefined, version);
    await expect(fetch(address, peer(stranger))).rejects.toThrow(
      /closed the connection without a word; does it take a certificate.*, tls\.cert .*theirs-stranger\.pem/,
    );
  });

  it("says that the peer does not speak TLS", async () => {
    const address = await listening(
      createPlainServer((socket: Socket) => void socket.end("<?xml version='1.0'?><GANGLIA_XML/>")),
    );
    await expect(fetch(address)).rejects.toThrow(`Cannot connect to 127.0.0.1:${address.port}: it does not speak TLS`);
  });

  it("gives up on a peer that accepts and never says hello", async () => {
    const address = await listening(createPlainServer((socket: Socket) => void socket.on("error", () => {})));
    await expect(fetch(address, peer(), { connectTimeoutMs: 200 })).rejects.toThrow("no answer within 200ms");
  });

  it.each([
    [
      "a file that is not there",
      { cert: "/nowhere/cert.pem" },
      "cannot read tls.cert: /nowhere/cert.pem: there is no such file",
    ],
    ["a key of another certificate", { key: "theirs-stranger.key" }, "is not the key of"],
    ["a file that holds no certificate", { ca: "theirs-stranger.key" }, "expected certificates in PEM form"],
  ])("names %s", async (_name, files, message) => {
    const paths = Object.fromEntries(
      Object.entries(files).map(([key, path]) => [key, path.startsWith("/") ? path : join(folder, path)]),
    );
    await expect(fetch({ host: "127.0.0.1", port: 9 }, peer(paths))).rejects.toThrow(message);
  });
});
