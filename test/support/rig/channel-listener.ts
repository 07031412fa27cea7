/** Our listener, as built, in a process of its own. */
import { join, resolve } from "node:path";
import { sourcesSchema } from "../../../sensors/config.js";
import { startTalking, type Talking } from "./talking.js";

export const BUILD = resolve(process.env["GRATE_DIST"] ?? join(import.meta.dirname, "../../../dist"));
const SCRIPT = join(import.meta.dirname, "channel-ours.mjs");

/** What it says of itself, see channel-ours.mjs. */
export interface Told {
  readonly packets: number;
  readonly malformed: number;
  readonly dropped: number;
  readonly heldForName: number;
  readonly heldForMetadata: number;
  readonly asked: number;
  readonly hosts: readonly string[];
  readonly metrics: readonly string[];
}

/** @param source an entry of `sources:` without name and type. @returns arguments for Node */
export function listenerArguments(source: Readonly<Record<string, unknown>>): string[] {
  const [config] = sourcesSchema.parse([{ name: "live", type: "ganglia-udp", ...source }]);
  return [SCRIPT, BUILD, JSON.stringify(config)];
}

export function startListener(source: Readonly<Record<string, unknown>>, namespace: string): Talking {
  return startTalking(process.execPath, listenerArguments(source), namespace);
}

export async function tell(listener: Talking): Promise<Told> {
  return JSON.parse(await listener.ask("tell", "told")) as Told;
}
