/** An authority and what it signs, made by openssl in a folder of the test. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../setup/peers.mjs";

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  readonly ca: string;
  /** A certificate for the name, which is also its only subject alternative name. */
  sign(name: string, days?: number): CertificateFiles;
}

/** @param name common name of the authority; two of one folder need two names */
export function makeAuthority(folder: string, name = "ca"): Authority {
  const [ca, caKey] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  openssl("req", "-x509", ...newKey(caKey), "-out", ca, "-days", "2", "-subj", `/CN=${name}`);
  return {
    ca,
    sign(subject, days = 2) {
      const base = join(folder, `${name}-${subject}`);
      const [cert, key, request, extensions] = [`${base}.pem`, `${base}.key`, `${base}.csr`, `${base}.ext`];
      openssl("req", "-new", ...newKey(key), "-out", request, "-subj", `/CN=${subject}`);
      writeFileSync(extensions, `subjectAltName=DNS:${subject}\n`);
      const signing = ["-CA", ca, "-CAkey", caKey, "-CAcreateserial", "-days", String(days), "-extfile", extensions];
      openssl("x509", "-req", "-in", request, "-out", cert, ...signing);
      return { cert, key };
    },
  };
}

/** Elliptic, because it is made in milliseconds. openssl gives the file mode 0600. */
function newKey(file: string): string[] {
  return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", file];
}

function openssl(...args: string[]): void {
  const run = spawnSync(findProgram("openssl") ?? "openssl", args, { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`openssl ${args.join(" ")}: ${run.stderr}`);
}
