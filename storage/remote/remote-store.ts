/** The remote store as a whole: samples only, the events stay on this machine. */

import { messageOf } from "../../core/base/errors.js";
import { nodeLogFiles } from "../../core/base/record-log-files.js";
import { StorageError } from "../errors.js";
import type { Store, StoreContext } from "../store.js";
import { queueDirectory, RemoteArchive } from "./remote-archive.js";

/** The other side may be away: opening needs only the queue. @throws StorageError */
export function openRemoteStore({ stateDir, config, clock, log }: StoreContext): Store {
  if (config.remote === undefined) throw new Error("BUG: a remote store is opened that is not configured");
  const files = nodeLogFiles(queueDirectory(stateDir, config.remote));
  try {
    const archive = new RemoteArchive({ config: config.remote, files, clock, log });
    return { archive, worksAlone: true, health: () => archive.health() };
  } catch (error) {
    throw new StorageError("storage-io", `cannot open the queue of the remote store: ${messageOf(error)}`);
  }
}
