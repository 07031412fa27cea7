/** Space on the local disks of this machine. */
import { type Clock, withDeadline } from "../../../core/base/clock.js";
import { GrateError, messageOf } from "../../../core/base/errors.js";
import type { Probe, Roots } from "../probe.js";
import { parseLocalMounts, type Space, sumSpace } from "./parse.js";
import { type AskSpace, askSpace, readMounts } from "./read.js";
import { DISK_FREE, DISK_TOTAL, PART_MAX_USED } from "./specs.js";

/** A healthy file system answers in microseconds, a disk that spins up in seconds. */
const ANSWER_LIMIT_MS = 2_000;

export function createDiskProbe(roots: Roots, clock: Clock, ask: AskSpace = askSpace): Probe {
  /** Mounts that have not answered yet; each keeps a thread, so none is asked twice. */
  const waiting = new Set<string>();

  async function spaceOf(path: string): Promise<Space> {
    const silent = () => new GrateError(`Cannot tell the space of ${path}: its file system does not answer`);
    if (waiting.has(path)) throw silent();
    waiting.add(path);
    const answer = ask(path).finally(() => waiting.delete(path));
    try {
      return await withDeadline(clock, answer, ANSWER_LIMIT_MS, silent);
    } catch (error) {
      if (error instanceof GrateError) throw error;
      throw new GrateError(`Cannot tell the space of ${path}: ${messageOf(error)}`);
    }
  }

  return {
    name: "disk",
    async measure() {
      const spaces: Space[] = [];
      // One after the other: at most one thread is ever held by a disk that hangs.
      for (const mount of parseLocalMounts(await readMounts(roots))) spaces.push(await spaceOf(mount.path));
      // A machine without disks has no fullest one.
      if (spaces.length === 0) return [];
      const { totalGb, freeGb, usedMaxPercent } = sumSpace(spaces);
      return [
        { spec: DISK_TOTAL, value: totalGb },
        { spec: DISK_FREE, value: freeGb },
        { spec: PART_MAX_USED, value: usedMaxPercent },
      ];
    },
  };
}
