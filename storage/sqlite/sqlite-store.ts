/**
 * The SQLite store as a whole: one file for samples and events. Where the file turns
 * out to be damaged, at the start or while it is written to, it is set aside and a new
 * one is begun: nobody is served by a collector that stands still or forgets.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Database } from "better-sqlite3";
import { messageOf } from "../../core/base/errors.js";
import type { AlertEvent } from "../../core/model/alert.js";
import type {
  Archive,
  ArchiveTraits,
  Coverage,
  ManyBucketsQuery,
  ManySamplesQuery,
  NamedBuckets,
  NamedSeries,
  SeriesBatch,
  SeriesQuery,
} from "../../core/model/archive.js";
import type { Series } from "../../core/model/series.js";
import { StorageError } from "../errors.js";
import type { EventQuery, EventStore, StateStore } from "../event-store.js";
import type { StoreHealth } from "../health.js";
import type { Store, StoreContext } from "../store.js";
import { damagedBeside, looksLikeOurs, setAside } from "./damaged-file.js";
import { openDatabase } from "./database.js";
import { SqliteEventStore } from "./event-store.js";
import { Retention } from "./retention.js";
import { SqliteArchive } from "./sqlite-archive.js";
import { storageErrorOf } from "./sqlite-errors.js";

/** A disk that damages one file after the other shall not be filled with them: then the error is told. */
const SET_ASIDE_EVERY_MS = 3_600_000;

/** @throws StorageError */
export function openSqliteStore(context: StoreContext): Store {
  const file = new HistoryFile(context);
  return { archive: new MendingArchive(file), events: new MendingEventStore(file), health: () => file.health() };
}

class HistoryFile {
  readonly #context: StoreContext;
  readonly #path: string;
  #db: Database;
  /** Files that lie beside it and were set aside, by this process or one before. */
  #damaged: readonly string[] = [];
  /** Why the file was closed, while there is no new one yet. */
  #fault: unknown;
  #setAsideAtMs = Number.NEGATIVE_INFINITY;
  /** What a read came upon in the file in use; "" while none did. */
  #readDamage = "";
  archive: SqliteArchive;
  events: SqliteEventStore;

  constructor(context: StoreContext) {
    this.#context = context;
    this.#path = resolve(context.stateDir, context.config.sqlite.file);
    try {
      this.#db = this.#openDatabase();
    } catch (error) {
      this.#requireMendable(error);
      this.#setAside(error);
      this.#db = this.#openDatabase();
    }
    ({ archive: this.archive, events: this.events } = this.#stores());
    this.#damaged = damagedBeside(this.#path);
    if (this.#damaged.length > 0) context.log.warn(this.#damagedMessage());
  }

  /** Work that writes; once more on a new file where this one turns out to be damaged. */
  async write<T>(work: () => Promise<T>): Promise<T> {
    // Left off half way the last time, for want of space or rights.
    if (this.#fault !== undefined) this.#renew(this.#fault);
    try {
      return await work();
    } catch (error) {
      this.#requireMendable(error);
      try {
        this.#db.close();
      } catch {
        // What it could not write back stays in the log file, which is set aside too.
      }
      this.#fault = error;
      this.#renew(error);
      return await work();
    }
  }

  /** Work that reads: the error is the asker's, and damage is everybody's. The file stays in use, it still takes samples. */
  async read<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isDamage(error) && this.#readDamage === "") {
        const [fault] = messageOf(error).split(". ");
        this.#readDamage = `a read found damage: ${fault}; grate restore puts a backup in its place`;
        this.#context.log.warn(this.#readDamage);
      }
      throw error;
    }
  }

  #renew(fault: unknown): void {
    try {
      if (existsSync(this.#path)) this.#setAside(fault);
      this.#db = this.#openDatabase();
    } catch (error) {
      throw storageErrorOf(error, "begin anew in place of the damaged", this.#path);
    }
    ({ archive: this.archive, events: this.events } = this.#stores());
    this.#fault = undefined;
    this.#readDamage = "";
  }

  health(): StoreHealth {
    // Looked for only while there are some: asked every few seconds.
    if (this.#damaged.length > 0) this.#damaged = damagedBeside(this.#path);
    const messages = [this.#damaged.length === 0 ? "" : this.#damagedMessage(), this.#readDamage];
    const told = messages.filter((message) => message !== "");
    const damagedFiles = this.#damaged.length + (this.#readDamage === "" ? 0 : 1);
    return { store: "sqlite", message: told.join("; "), counters: { damagedFiles } };
  }

  #openDatabase(): Database {
    return openDatabase(this.#path, { log: this.#context.log });
  }

  #stores(): { archive: SqliteArchive; events: SqliteEventStore } {
    const { clock, config, log } = this.#context;
    const { keep, "size-limit": sizeLimit } = config.sqlite;
    const retention =
      keep === undefined && sizeLimit === undefined
        ? undefined
        : new Retention(this.#db, { keepMs: keep, sizeBytesMax: sizeLimit, clock, log });
    return {
      archive: new SqliteArchive(this.#db, this.#path, { retention }),
      events: new SqliteEventStore(this.#db, this.#path),
    };
  }

  /** @throws the error, where it is none that a new file would mend */
  #requireMendable(error: unknown): void {
    if (!isDamage(error) || !looksLikeOurs(this.#path)) throw error;
    if (this.#context.clock.nowMs() - this.#setAsideAtMs < SET_ASIDE_EVERY_MS) throw error;
  }

  #setAside(error: unknown): void {
    const { clock, log } = this.#context;
    this.#setAsideAtMs = clock.nowMs();
    const aside = setAside(this.#path, this.#setAsideAtMs);
    this.#damaged = damagedBeside(this.#path);
    const [fault] = messageOf(error).split(". ");
    log.warn(`${fault}. It was set aside as ${aside}, history goes on in a new file`);
  }

  #damagedMessage(): string {
    return (
      `${this.#damaged.join(", ")}: damaged, so its history is not shown; what can be read of it is got back with ` +
      "sqlite3's .recover, or a backup with grate restore. Move it elsewhere to end this message"
    );
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof StorageError && error.code === "storage-corrupt";
}

class MendingArchive implements Archive {
  readonly traits: ArchiveTraits;
  readonly #file: HistoryFile;

  constructor(file: HistoryFile) {
    this.#file = file;
    this.traits = file.archive.traits;
  }

  append(batches: readonly SeriesBatch[]): Promise<void> {
    return this.#file.write(() => this.#file.archive.append(batches));
  }

  read(query: SeriesQuery): Promise<Series | undefined> {
    return this.#file.read(() => this.#file.archive.read(query));
  }

  readMany(query: ManySamplesQuery): Promise<readonly NamedSeries[]> {
    return this.#file.read(() => this.#file.archive.readMany(query));
  }

  bucketMany(query: ManyBucketsQuery): Promise<NamedBuckets> {
    return this.#file.read(() => this.#file.archive.bucketMany(query));
  }

  coverage(): Promise<Coverage | undefined> {
    return this.#file.read(() => this.#file.archive.coverage());
  }

  close(): Promise<void> {
    return this.#file.archive.close();
  }
}

class MendingEventStore implements EventStore {
  readonly states: StateStore;
  readonly #file: HistoryFile;

  constructor(file: HistoryFile) {
    this.#file = file;
    this.states = {
      // A new file has rows of no run: the engine hears of it, and gives all of them.
      append: (events, changes) => file.write(() => file.events.states.append(events, changes)),
      read: (query) => file.read(() => file.events.states.read(query)),
    };
  }

  append(events: readonly AlertEvent[]): Promise<void> {
    return this.#file.write(() => this.#file.events.append(events));
  }

  read(query: EventQuery): Promise<AlertEvent[]> {
    return this.#file.read(() => this.#file.events.read(query));
  }
}
