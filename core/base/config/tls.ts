/** The key `tls` as it stands in several parts of the configuration: PEM files of mutual TLS. */
import { resolve } from "node:path";
import { z } from "zod";
import type { TlsPeer } from "../tls-client.js";
import type { TlsPaths } from "../tls-files.js";

const pemFile = (what: string) => {
  const expected = `expected the path of a PEM file with ${what}`;
  return z.string(expected).min(1, expected);
};

const files = {
  cert: pemFile("our certificate").describe("Our certificate, with those between it and its authority"),
  key: pemFile("the key of our certificate").describe("Its key, readable by us alone"),
  ca: pemFile("the certificates that the peer's must be signed by").describe("Who signs the peer's"),
};

const DESCRIPTION = "Mutual TLS; paths are relative to the configuration file";

/** Of one who is asked. */
export const tlsServer = () => z.strictObject(files).meta({ description: DESCRIPTION });

/** Of one who asks. */
export const tlsClient = () =>
  z
    .strictObject({
      ...files,
      "server-name": z
        .string()
        .regex(/^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?$/, "expected a host name")
        .optional()
        .describe("The name in the peer's certificate, where it is not the host of its address"),
    })
    .meta({ description: DESCRIPTION });

type TlsClientKey = z.output<ReturnType<typeof tlsClient>>;

/** @returns what connecting wants; undefined where plain TCP is meant */
export function tlsPeer(key: TlsClientKey | undefined): TlsPeer | undefined {
  return key === undefined ? undefined : { cert: key.cert, key: key.key, ca: key.ca, serverName: key["server-name"] };
}

/** @returns the same with absolute paths; those that are relative start at the directory */
export function withTlsFilesIn<T extends TlsPaths>(tls: T, directory: string): T {
  const at = (path: string) => resolve(directory, path);
  return { ...tls, cert: at(tls.cert), key: at(tls.key), ca: at(tls.ca) };
}
