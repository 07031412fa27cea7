/** The configuration of `grate start` without a file: what this machine offers. */

import { renameSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { type Address, formatAddress } from "../../core/base/address.js";
import type { Clock } from "../../core/base/clock.js";
import { GrateError, messageOf } from "../../core/base/errors.js";

/** Where a gmond listens unless told otherwise. */
export const LOCAL_GMOND: Address = Object.freeze({ host: "127.0.0.1", port: 8649 });

/** A gmond on this machine accepts in microseconds; a busy one has a second for its first bytes. */
const CONNECT_LIMIT_MS = 500;
const FIRST_BYTES_LIMIT_MS = 1_000;
/** gmond's document begins with the XML declaration and a DTD that names it; this is the length of both. */
const HEAD_CHARS = 4_096;

/** @returns whether something at the address speaks like a gmond. Never rejects. */
export function isGmondAt(address: Address, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    let head = "";
    const socket = connect({ host: address.host, port: address.port });
    const settle = (found: boolean) => {
      timer.cancel();
      socket.removeAllListeners().on("error", () => {});
      // Not read to its end: gmond holds a lock while it writes.
      socket.destroy();
      resolve(found);
    };
    let timer = clock.setTimer(() => settle(false), CONNECT_LIMIT_MS);
    socket.on("connect", () => {
      timer.cancel();
      timer = clock.setTimer(() => settle(false), FIRST_BYTES_LIMIT_MS);
    });
    socket.on("data", (chunk: Buffer) => {
      head += chunk.toString("latin1");
      if (!"<?xml".startsWith(head.slice(0, 5))) settle(false);
      else if (head.includes("GANGLIA_XML")) settle(true);
      else if (head.length > HEAD_CHARS) settle(false);
    });
    socket.on("error", () => settle(false));
    socket.on("close", () => settle(false));
  });
}

/** @param gmond whether one answers at LOCAL_GMOND */
export function embeddedConfiguration(gmond: boolean): string {
  const source = gmond
    ? `  # The gmond of this machine, which knows the whole cluster.
  - name: local
    type: ganglia-xml
    address: ${formatAddress(LOCAL_GMOND)}
    every: 15s`
    : `  # No gmond answered on ${formatAddress(LOCAL_GMOND)}: this machine measures itself.
  - name: self
    type: sensor
    cluster: local
    every: 15s`;
  return `# Written by "grate start" at each start. To change something, copy it elsewhere
# and name the copy: grate start -c FILE. deploy/grate.yaml shows what there is.
sources:
${source}
`;
}

/** @returns the file's path */
export function writeEmbeddedConfiguration(stateDir: string, gmond: boolean): string {
  const file = join(stateDir, "start.yaml");
  try {
    writeFileSync(`${file}.new`, embeddedConfiguration(gmond), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch (error) {
    throw new GrateError(`cannot write ${file}: ${messageOf(error)}`);
  }
  return file;
}
