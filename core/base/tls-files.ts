/**
 * The files of mutual TLS: our certificate with its key, and the authority that signed the other side's. Read and
 * tried at the start, so that a wrong file is told by its name and not by a handshake that fails later.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
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

/** What is wrong with one of the files. */
export interface TlsFault {
  readonly name: keyof TlsPaths;
  /** Names setting and file. */
  readonly message: string;
}

/** Chains have some 10 kB; what is larger is another file. */
const FILE_BYTES_MAX = 2 ** 20;

const READABLE_BY_OTHERS = 0o077;

/**
 * @param setting the key of the configuration that holds the paths, for messages
 * @throws GrateError that names setting and file
 */
export function readTlsFiles(paths: TlsPaths, setting: string): TlsFiles {
  const { texts, faults } = look(paths, setting);
  const [fault] = faults;
  if (fault !== undefined) throw new GrateError(fault.message, { cause: fault.cause });
  return { cert: texts.cert ?? "", key: texts.key ?? "", ca: texts.ca ?? "", warnings: warningsOf(paths, setting) };
}

/**
 * Everything that is wrong with the files, also what a start does not stop at: certificates whose time is over or has
 * not begun.
 * @param nowMs epoch ms
 */
export function tlsFileFaults(paths: TlsPaths, setting: string, nowMs: number): TlsFault[] {
  const { texts, faults } = look(paths, setting);
  const found: TlsFault[] = faults.map(({ name, message }) => ({ name, message }));
  for (const name of ["cert", "ca"] as const) {
    const text = texts[name];
    if (text === undefined || faults.some((fault) => fault.name === name)) continue;
    const message = timeFault(text, name, nowMs);
    if (message !== undefined) found.push({ name, message: `${placeOf(paths, setting, name)} ${message}` });
  }
  return found;
}

/** @returns what is unwise about good files, one line each */
export function warningsOf(paths: TlsPaths, setting: string): string[] {
  const mode = statSync(paths.key).mode & 0o777;
  if ((mode & READABLE_BY_OTHERS) === 0) return [];
  const shown = mode.toString(8).padStart(4, "0");
  return [`${placeOf(paths, setting, "key")} has mode ${shown}: others can use it, expected 0600`];
}

function placeOf(paths: TlsPaths, setting: string, name: keyof TlsPaths): string {
  return `${setting}.${name}: ${paths[name]}`;
}

interface Look {
  /** Of files that could be read. */
  readonly texts: Partial<Record<keyof TlsPaths, string>>;
  readonly faults: readonly (TlsFault & { readonly cause?: unknown })[];
}

function look(paths: TlsPaths, setting: string): Look {
  const texts: Partial<Record<keyof TlsPaths, string>> = {};
  const faults: (TlsFault & { readonly cause?: unknown })[] = [];
  const attempt = <T>(name: keyof TlsPaths, wording: (reason: string) => string, action: () => T): T | undefined => {
    try {
      return action();
    } catch (cause) {
      faults.push({ name, message: wording(REASONS[codeOf(cause)] ?? messageOf(cause)), cause });
      return undefined;
    }
  };
  for (const name of ["cert", "key", "ca"] as const) {
    const place = placeOf(paths, setting, name);
    const text = attempt(
      name,
      (reason) => `cannot read ${place}: ${reason}`,
      () => readText(paths[name]),
    );
    if (text !== undefined) texts[name] = text;
  }
  const parsed = <T>(name: keyof TlsPaths, expected: string, parse: (text: string) => T): T | undefined => {
    const text = texts[name];
    if (text === undefined) return undefined;
    const wording = (reason: string) =>
      `${placeOf(paths, setting, name)} cannot be used (${reason}), expected ${expected}`;
    return attempt(name, wording, () => parse(text));
  };
  const certificate = parsed("cert", "a certificate in PEM form", (text) => new X509Certificate(text));
  const key: KeyObject | undefined = parsed("key", "an unencrypted private key in PEM form", (text) =>
    createPrivateKey(text),
  );
  parsed("ca", "certificates in PEM form", (text) => new X509Certificate(text));
  if (certificate !== undefined && key !== undefined && !certificate.checkPrivateKey(key)) {
    const message = `${placeOf(paths, setting, "key")} is not the key of ${paths.cert}, expected the key of that certificate`;
    faults.push({ name: "key", message });
  }
  return { texts, faults };
}

/** Of our own chain each certificate counts, of authorities it is enough that one is good. */
function timeFault(text: string, name: "cert" | "ca", nowMs: number): string | undefined {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const faults = blocks.map((block) => timeFaultOf(new X509Certificate(block), nowMs));
  const isGood = name === "cert" ? faults.every((fault) => fault === undefined) : faults.includes(undefined);
  return isGood ? undefined : faults.find((fault) => fault !== undefined);
}

function timeFaultOf({ validFrom, validTo }: X509Certificate, nowMs: number): string | undefined {
  if (Date.parse(validTo) < nowMs) return `has expired on ${dateOf(validTo)}, expected a certificate that is valid`;
  if (Date.parse(validFrom) > nowMs) return `is not valid before ${dateOf(validFrom)}; is this machine's clock wrong?`;
  return undefined;
}

function dateOf(text: string): string {
  return `${new Date(Date.parse(text)).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function readText(path: string): string {
  if (statSync(path).size > FILE_BYTES_MAX) throw new Error(`it is larger than ${FILE_BYTES_MAX} bytes`);
  return readFileSync(path, "latin1");
}

const REASONS: Readonly<Record<string, string>> = Object.freeze({
  ENOENT: "there is no such file",
  EACCES: "permission denied",
  EISDIR: "it is a directory",
});
