/**
 * Connecting with TLS where both sides are known by certificates: ours is shown,
 * the peer's must be signed by our authority and bear the right name. Files are
 * read for each connection, so that a renewed certificate needs no restart.
 */
import { isIP } from "node:net";
import { connect, createSecureContext, type TLSSocket } from "node:tls";
import type { Address } from "./address.js";
import { codeOf } from "./errors.js";
import { readTlsFiles, type TlsPaths } from "./tls-files.js";

export interface TlsPeer extends TlsPaths {
  /** The name in the peer's certificate, where it is not the host of its address. */
  readonly serverName?: string | undefined;
}

/** The event of a TLS socket that tells that the peer is who it should be. */
export const TLS_READY = "secureConnect";

/** @throws GrateError for a file that is of no use */
export function dialTls(address: Address, peer: TlsPeer): TLSSocket {
  const { cert, key, ca } = readTlsFiles(peer, "tls");
  const secureContext = createSecureContext({ cert, key, ca, minVersion: "TLSv1.2" });
  // An address is no name to ask for; it is looked for in the certificate all the same.
  const servername = peer.serverName ?? (isIP(address.host) === 0 ? address.host : undefined);
  return connect({
    host: address.host,
    port: address.port,
    secureContext,
    ...(servername === undefined ? {} : { servername }),
  });
}

/** @returns what a person should know of an error; undefined where it has nothing to do with TLS */
export function tlsFault(error: unknown, address: Address, { cert, ca, serverName }: TlsPeer): string | undefined {
  const code = codeOf(error);
  switch (code) {
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "CERT_SIGNATURE_FAILURE":
      return `its certificate is not signed by tls.ca ${ca}`;
    case "CERT_HAS_EXPIRED":
      return "its certificate has expired";
    case "CERT_NOT_YET_VALID":
      return "its certificate is not valid yet; is one of the clocks wrong?";
    case "ERR_TLS_CERT_ALTNAME_INVALID": {
      const name = JSON.stringify(serverName ?? address.host);
      return `its certificate is not for ${name}, set tls.server-name to the name that it is for`;
    }
    case "ERR_SSL_WRONG_VERSION_NUMBER":
    case "ERR_SSL_PACKET_LENGTH_TOO_LONG":
      return "it does not speak TLS";
  }
  // What the peer says of our certificate; OpenSSL names these by version.
  if (/ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_|UNSUPPORTED_CERT)/.test(code)) {
    return `it refuses our certificate, tls.cert ${cert} (${code})`;
  }
  return undefined;
}

/** With TLS 1.3 a peer looks at our certificate when the connection stands already, and may say nothing of it. */
export function closedWithoutWord({ cert }: TlsPeer): string {
  return (
    "it closed the connection without a word; " +
    `does it take a certificate of this authority, tls.cert ${cert}, and this machine's address?`
  );
}
