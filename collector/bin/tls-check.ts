/** Looks at the TLS files that a configuration names, with the place where each is named. */

import type { LoadedConfig } from "../../core/base/config/load.js";
import type { ConfigFault } from "../../core/base/errors.js";
import { type TlsPaths, tlsFileFaults, warningsOf } from "../../core/base/tls-files.js";
import type { Configuration } from "./configuration.js";

interface TlsKey {
  readonly path: readonly PropertyKey[];
  readonly tls: TlsPaths;
}

/**
 * @param nowMs epoch ms: a certificate may have expired
 * @returns what makes a connection fail, and what is only unwise
 */
export function checkTlsFiles(
  { config, faultAt }: LoadedConfig<Configuration>,
  nowMs: number,
): { faults: ConfigFault[]; warnings: ConfigFault[] } {
  const faults: ConfigFault[] = [];
  const warnings: ConfigFault[] = [];
  for (const { path, tls } of tlsKeys(config)) {
    const setting = path.filter((step) => typeof step === "string").join(".");
    const found = tlsFileFaults(tls, setting, nowMs);
    for (const { name, message } of found) faults.push(faultAt([...path, name], message));
    if (found.some(({ name }) => name === "key")) continue;
    for (const message of warningsOf(tls, setting)) warnings.push(faultAt([...path, "key"], message));
  }
  return { faults, warnings };
}

function tlsKeys({ sources, serve, viewer }: Configuration): TlsKey[] {
  const ofSources = sources.map((source, index) => ({
    path: ["sources", index, "tls"],
    tls: source.type === "ganglia-xml" ? source.tls : undefined,
  }));
  const all = [...ofSources, { path: ["serve", "tls"], tls: serve.tls }, { path: ["viewer", "tls"], tls: viewer.tls }];
  return all.flatMap(({ path, tls }) => (tls === undefined ? [] : [{ path, tls }]));
}
