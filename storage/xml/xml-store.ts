/** Documents of XML as one of the stores. */
import type { Store, StoreContext } from "../store.js";
import { XmlArchive } from "./xml-archive.js";

/** @throws GrateError if what an earlier run left cannot be read */
export function openXmlStore({ stateDir, config, clock, log }: StoreContext): Store {
  if (config.xml === undefined) throw new Error("BUG: the XML store is opened, but not configured");
  const archive = new XmlArchive({ config: config.xml, stateDir, clock, log });
  return { archive, health: () => archive.health(), describe: (clusters) => archive.describe(clusters) };
}
