/** Archives of new files, from their words; apart from the schema, which is not loaded in the store's thread. */
import type { RoundRobinArchive } from "../format/definition.js";
import { parseArchive } from "../text/definitions.js";

/** @param rras checked by the schema */
export function archivesOf(rras: readonly string[], stepS: number): RoundRobinArchive[] {
  return rras.map((text) => parseArchive(text.slice("RRA:".length), stepS));
}
