/** The store of RRD files in gmetad's layout. */
import { realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf } from "../../../core/base/errors.js";
import { StorageError } from "../../errors.js";
import type { Store, StoreContext } from "../../store.js";
import { makeFolder } from "../file/make-folder.js";
import { runningDaemons } from "../takeover/running-writers.js";
import { archivesOf } from "./archives.js";
import { parseDaemonAddress } from "./daemon/daemon-address.js";
import { DaemonFiles } from "./daemon/daemon-files.js";
import { RrdArchive } from "./rrd-archive.js";

/** @throws StorageError */
export function openRrdStore({ stateDir, config, clock, log }: StoreContext): Store {
  if (config.rrd === undefined) throw new Error("BUG: the configuration has no storage.rrd");
  const { dir, mode, step, rras, rrdcached, "case-sensitive-hosts": isCaseSensitive } = config.rrd;
  const daemonAddress = rrdcached === undefined ? undefined : parseDaemonAddress(rrdcached);
  const directory = resolve(stateDir, dir);
  try {
    if (mode === "write") makeFolder(directory);
    if (!statSync(directory).isDirectory()) throw new Error("it is no directory");
  } catch (error) {
    throw new StorageError("storage-io", `cannot open the RRD files in ${directory}: ${messageOf(error)}`);
  }
  const stepS = step / 1_000;
  const running = () => runningDaemons(realDirectory(directory));
  const archive = new RrdArchive({
    directory,
    mode,
    stepS,
    archivesOf: (ofStepS) => archivesOf(rras, ofStepS),
    lowerCaseHosts: !isCaseSensitive,
    clock,
    log,
    random: (below) => Math.floor(Math.random() * below),
    ...(daemonAddress === undefined
      ? { writers: running }
      : {
          daemon: new DaemonFiles(daemonAddress, clock, log),
          // One rrdcached orders the updates of all who use it; but of two who tell of one file it drops those of one.
          writers: () => running().filter(({ program }) => program !== "rrdcached"),
        }),
  });
  return { archive, worksAlone: daemonAddress !== undefined, health: () => archive.health() };
}

/** Somebody may have removed it: then it is made anew. */
function realDirectory(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return directory;
  }
}
