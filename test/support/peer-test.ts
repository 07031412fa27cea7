/** Tests that need a real peer: without it they are skipped, and their name says why. */
import { describe } from "vitest";
import { findProgram } from "../setup/peers.mjs";
import { rigFault } from "./rig/namespaces.js";

/**
 * Like describe, for suites that need the programs and, if asked, namespaces.
 * The reason of a skip stands in the suite's name, so that it is listed.
 */
export function describeWithPeers(name: string, programs: readonly string[], body: () => void): void {
  const missing = programs.find((program) => findProgram(program) === undefined);
  const fault = missing === undefined ? rigFault() : `${missing} is not installed`;
  if (fault === undefined) describe(name, body);
  else describe.skip(`${name} (${fault})`, body);
}
