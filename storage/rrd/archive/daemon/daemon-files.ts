/**
 * RRD files by way of rrdcached, for sites that run it: updates go to its memory in batches, and a file is flushed before it is
 * read. What it takes it may still drop without a word, when it writes: a batch with one bad value, or one that meets a reader's
 * lock. So after each spill some files are flushed and looked at; what is not in them was dropped, and is counted.
 */
import type { Clock } from "../../../../core/base/clock.js";
import { messageOf } from "../../../../core/base/errors.js";
import { StorageError } from "../../../errors.js";
import type { StoreLog } from "../../../store.js";
import { lastUpdateS, liveView } from "../../commands/times.js";
import { withRrdFile } from "../../file/rrd-file.js";
import type { RrdDefinition } from "../../format/definition.js";
import { RrdError } from "../../rrd-error.js";
import type { UpdateQueue } from "../file-set.js";
import { SpillFault } from "../spill-fault.js";
import type { DaemonAddress } from "./daemon-address.js";
import { DaemonClient } from "./daemon-client.js";
import { escaped, updateLines } from "./update-lines.js";

/** Some 500 kB: the daemon holds one lock for each line, not for the batch. */
const BATCH_LINES = 500;

/** After each spill: every file of a directory of 40,000 is looked at once in two weeks, a daemon that drops all at once. */
const CHECKED_FILES = 16;

/** Said where another writer, or we before an answer got lost, gave the same time. */
const TOO_OLD = /illegal attempt to update/;

export class DaemonFiles implements UpdateQueue {
  readonly #client: DaemonClient;
  readonly #log: StoreLog;
  /** Not yet taken by the daemon: after a failure they are sent again. */
  #lines: string[] = [];
  /** Newest update given of each file, in the order in which they are looked at. */
  readonly #sentS = new Map<string, number>();
  readonly #counts = { daemonLinesTotal: 0, daemonRefusedTotal: 0, daemonDroppedFilesTotal: 0, daemonTooOldTotal: 0 };
  readonly #fault = new SpillFault();
  #flushFault = "";

  constructor(address: DaemonAddress, clock: Clock, log: StoreLog) {
    this.#client = new DaemonClient(address, clock);
    this.#log = log;
  }

  get counters(): Readonly<Record<string, number>> {
    return this.#counts;
  }

  /** For a person; empty while all is well. */
  get faults(): readonly string[] {
    return [this.#fault.message, this.#flushFault].filter((fault) => fault !== "");
  }

  add(path: string, definition: RrdDefinition, timesS: ArrayLike<number>, rows: ArrayLike<number>): void {
    for (const line of updateLines(path, definition, timesS, rows)) this.#lines.push(line);
    this.#sentS.set(path, timesS[timesS.length - 1] as number);
  }

  /** Gives the daemon all that was added. @throws StorageError; what it did not take is given the next time */
  async send(): Promise<void> {
    while (this.#lines.length > 0) {
      const lines = this.#lines.slice(0, BATCH_LINES);
      const [begun, done] = await this.#client.ask(`BATCH\n${lines.join("")}.\n`, 2);
      if (begun === undefined || done === undefined || begun.status < 0 || done.status < 0) {
        throw new StorageError("storage-io", `rrdcached refuses a batch: ${begun?.text}; ${done?.text}`);
      }
      this.#lines = this.#lines.slice(lines.length);
      this.#counts.daemonLinesTotal += lines.length;
      for (const line of done.lines) this.#refused(line, lines);
    }
  }

  /** Some of the files are flushed and looked at. */
  async endSpill(): Promise<void> {
    await this.#check();
    this.#fault.endSpill();
  }

  async #check(): Promise<void> {
    for (const [path, sentS] of [...this.#sentS].slice(0, CHECKED_FILES)) {
      // To the end of the row.
      this.#sentS.delete(path);
      if (!(await this.flush(path))) {
        this.#sentS.set(path, sentS);
        return;
      }
      const heldS = lastUpdateOf(path);
      if (heldS === undefined || heldS >= sentS) continue;
      this.#counts.daemonDroppedFilesTotal++;
      this.#tell(`rrdcached took updates of ${path} up to ${sentS} and wrote them up to ${heldS} only`);
    }
  }

  /** What the daemon still holds of the file is in it afterwards. @returns false if it did not answer */
  async flush(path: string): Promise<boolean> {
    try {
      // "No such file" is no fault: nothing of it is held then.
      await this.#client.ask(`FLUSH ${escaped(path)}\n`);
      this.#flushFault = "";
      return true;
    } catch (error) {
      this.#flushFault = `files are read as they are: ${messageOf(error)}`;
      return false;
    }
  }

  close(): void {
    this.#client.close();
  }

  #refused(answer: string, lines: readonly string[]): void {
    if (TOO_OLD.test(answer)) {
      this.#counts.daemonTooOldTotal++;
      return;
    }
    this.#counts.daemonRefusedTotal++;
    const [, number, why] = /^(\d+) (.*)$/.exec(answer) ?? [];
    const path = lines[Number(number) - 1]?.split(/(?<!\\) /)[1];
    this.#tell(`rrdcached refuses updates of ${path ?? "a file"}: ${why ?? answer}`);
  }

  #tell(fault: string): void {
    if (this.#fault.tell(fault)) this.#log.warn(fault);
  }
}

function lastUpdateOf(path: string): number | undefined {
  try {
    return withRrdFile(path, "r", path, (file) => lastUpdateS(liveView(file)));
  } catch (error) {
    if (error instanceof RrdError) return undefined;
    throw error;
  }
}
