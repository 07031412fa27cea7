/**
 * The files of mutual TLS: our certificate with its key, and the authority that signed the other side's. Read and
 * tried at the start, so that a wrong file is told by its name and not by a handshake that fails later.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { codeOf, GrateError, messageOf } from "./errors.js";

/** Paths of PEM files. */
export interface TlsPaths {
  /** Our certificate; those between it and its authority may follow it. */
  readonly cert: string;
  /** Its key, not encrypted. */
  readonly key: string;
  /** Certificates of those who may sign for the other side. */
  readonly ca: string;
}

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  /** What is unwise about them, one line each; nothing is wrong with their content. */
  readonly warnings: readonly string[];
}

/** Chains have some 10 kB; what is larger is another file. */
const FILE_BYTES_MAX = 2 ** 20;

const READABLE_BY_OTHERS = 0o077;

/**
 * @param setting the key of the configuration that holds the paths, for messages
 * @throws GrateError that names setting and file
 */
export function readTlsFiles(paths: TlsPaths, setting: string): TlsFiles {
  const place = (name: keyof TlsPaths) => `${setting}.${name}: ${paths[name]}`;
  const read = (name: keyof TlsPaths) => readText(paths[name], place(name));
  const [cert, key, ca] = [read("cert"), read("key"), read("ca")];
  const certificate = parsed(place("cert"), "a certificate in PEM form", () => new X509Certificate(cert));
  const privateKey = parsed(place("key"), "an unencrypted private key in PEM form", () => createPrivateKey(key));
  parsed(place("ca"), "certificates in PEM form", () => new X509Certificate(ca));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new GrateError(`${place("key")} is not the key of ${paths.cert}, expected the key of that certificate`);
  }
  const mode = statSync(paths.key).mode & 0o777;
  const warnings =
    (mode & READABLE_BY_OTHERS) === 0
      ? []
      : [`${place("key")} has mode ${mode.toString(8).padStart(4, "0")}: others can use it, expected 0600`];
  return { cert, key, ca, warnings };
}

function readText(path: string, place: string): string {
  try {
    if (statSync(path).size > FILE_BYTES_MAX) throw new Error(`it is larger than ${FILE_BYTES_MAX} bytes`);
    return readFileSync(path, "latin1");
  } catch (error) {
    const reason = REASONS[codeOf(error)] ?? messageOf(error);
    throw new GrateError(`cannot read ${place}: ${reason}`, { cause: error });
  }
}

const REASONS: Readonly<Record<string, string>> = Object.freeze({
  ENOENT: "there is no such file",
  EACCES: "permission denied",
  EISDIR: "it is a directory",
});

function parsed<T>(place: string, expected: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new GrateError(`${place} cannot be used (${messageOf(error)}), expected ${expected}`, { cause: error });
  }
}
