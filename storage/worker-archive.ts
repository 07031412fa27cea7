/** The ports of a store that lives in a worker thread: every call is a message there and one back. */
import type { AlertEvent } from "../core/model/alert.js";
import type {
  Archive,
  ArchiveTraits,
  Coverage,
  ManyBucketsQuery,
  ManyQuery,
  ManySamplesQuery,
  NamedBuckets,
  NamedSeries,
  SeriesBatch,
  SeriesQuery,
  SumTable,
} from "../core/model/archive.js";
import type { StateChanges, StateRow } from "../core/model/kept-state.js";
import type { Series } from "../core/model/series.js";
import { giveBackAppendMemory } from "./append-memory.js";
import type { ClusterDescription } from "./description.js";
import type { EventQuery, EventStore, StateQuery, StateStore } from "./event-store.js";
import { bytesOfPacked, memoryOf, type PackedBatches, packBatches } from "./pack.js";
import type { WorkerClient } from "./worker-client.js";

export class WorkerArchive implements Archive {
  readonly traits: ArchiveTraits;
  readonly #client: WorkerClient;

  /** @param traits as client.start() gave them */
  constructor(client: WorkerClient, traits: ArchiveTraits) {
    this.#client = client;
    this.traits = traits;
  }

  /** The arrays of the batches are copied before this returns; the caller may use them again at once. */
  async append(batches: readonly SeriesBatch[]): Promise<void> {
    await this.appendPacked(packBatches(batches));
  }

  async appendPacked(packed: PackedBatches): Promise<void> {
    const bytes = bytesOfPacked(packed);
    const memory = await this.#client.request({ op: "append", batches: packed }, [memoryOf(packed)], bytes);
    giveBackAppendMemory(memory as ArrayBuffer);
  }

  async endSpill(sums: readonly SumTable[]): Promise<void> {
    await this.#client.request({ op: "end-spill", sums });
  }

  /** For stores that write down more than samples, see Store.describe. */
  async describe(clusters: readonly ClusterDescription[]): Promise<void> {
    await this.#client.request({ op: "describe", clusters });
  }

  async read({ key, fromMs, toMs }: SeriesQuery): Promise<Series | undefined> {
    return (await this.#client.request({ op: "read", query: { key, fromMs, toMs } })) as Series | undefined;
  }

  async readMany(query: ManySamplesQuery): Promise<readonly NamedSeries[] | undefined> {
    const { samplesMax } = query;
    const answer = await this.#client.request({ op: "read-many", query: { ...plain(query), samplesMax } });
    return answer as readonly NamedSeries[] | undefined;
  }

  async bucketMany(query: ManyBucketsQuery): Promise<NamedBuckets | undefined> {
    const { stepMs, cellsMax } = query;
    const answer = await this.#client.request({ op: "bucket-many", query: { ...plain(query), stepMs, cellsMax } });
    return answer as NamedBuckets | undefined;
  }

  async coverage(): Promise<Coverage | undefined> {
    return (await this.#client.request({ op: "coverage" })) as Coverage | undefined;
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** Only what may be sent: a query may come with more than the port asks for. */
function plain({ cluster, host, metric, fromMs, toMs, endsMs }: ManyQuery): ManyQuery {
  return { cluster, host, metric, fromMs, toMs, endsMs };
}

export class WorkerEventStore implements EventStore {
  readonly states: StateStore;
  readonly #client: WorkerClient;

  constructor(client: WorkerClient) {
    this.#client = client;
    this.states = new WorkerStateStore(client);
  }

  async append(events: readonly AlertEvent[]): Promise<void> {
    await this.#client.request({ op: "append-events", events });
  }

  async read(query: EventQuery): Promise<AlertEvent[]> {
    return (await this.#client.request({ op: "read-events", query })) as AlertEvent[];
  }
}

class WorkerStateStore implements StateStore {
  readonly #client: WorkerClient;

  constructor(client: WorkerClient) {
    this.#client = client;
  }

  async append(events: readonly AlertEvent[], changes: StateChanges): Promise<boolean> {
    return (await this.#client.request({ op: "append-states", events, changes })) as boolean;
  }

  async read({ limit, after }: StateQuery): Promise<StateRow[]> {
    return (await this.#client.request({ op: "read-states", query: { limit, after } })) as StateRow[];
  }
}
