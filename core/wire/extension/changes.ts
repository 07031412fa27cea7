/**
 * The answer to `changes`: what a reader lacks since the frame that it has, by
 * columns. These are the shapes on both ends; the text between is described in
 * FORMAT.md.
 */
import type { ClusterView } from "../../model/columns.js";
import type { ClusterFacts, HostFacts } from "../../model/host.js";
import type { MetricMeta, ValueKind } from "../../model/metric.js";
import type { DocumentFacts } from "./document.js";
import type { SumsChanges, SumsDelta } from "./sums.js";

/** What to write of one cluster. */
export interface ClusterChanges {
  readonly view: ClusterView;
  /** The reader is to forget all that it has of this cluster. */
  readonly full: boolean;
  /** Cells that changed in a later frame are written; of no meaning in a full one, where every value is. */
  readonly sinceFrame: number;
  /** Rows to forget before anything else is taken, ascending. */
  readonly goneRows: readonly number[];
  /** Rows of hosts that are new or described anew, ascending. */
  readonly hostRows: readonly number[];
  /** Rows of hosts heard since, ascending. */
  readonly heardRows: readonly number[];
  /** Columns that are new or whose metadata is new, ascending. */
  readonly metricColumns: readonly number[];
  /** Rows whose cells may be told: hosts that are part of the present. */
  readonly isServed: (row: number) => boolean;
  /** Alerts that fire in this cluster at the moment. */
  readonly firing: number;
}

export interface Changes {
  /** The whole present stands in the document, not what changed. */
  readonly full: boolean;
  /** Number to ask from the next time. */
  readonly frame: number;
  /** Every cluster, those without a change too: one that is missing is gone. */
  readonly clusters: readonly ClusterChanges[];
  /** Every grid and cluster of which only sums are known: one that is missing is gone. */
  readonly sums: readonly SumsChanges[];
}

export interface ChangesDocument extends DocumentFacts {
  readonly full: boolean;
  readonly frame: number;
  readonly clusters: readonly ClusterDelta[];
  /** Every grid and cluster of which only sums are known. Absent where nobody has any. */
  readonly sums?: readonly SumsDelta[] | undefined;
}

/** To be applied in the order of the fields. */
export interface ClusterDelta {
  readonly name: string;
  /** Forget all of this cluster first. */
  readonly full: boolean;
  /** Newest frame that touched the cluster. */
  readonly frame: number;
  /** Its time, epoch ms; 0 = none yet. */
  readonly frameTimeMs: number;
  readonly facts: ClusterFacts;
  /** All rows are below it. */
  readonly rowCount: number;
  /** All columns are below it. */
  readonly columnCount: number;
  readonly firing: number;
  /** Forget the host of each of these rows and all its cells. */
  readonly goneRows: Uint32Array;
  readonly hosts: readonly HostDelta[];
  readonly heardRows: Uint32Array;
  /** Last heard, epoch ms, in the order of heardRows. */
  readonly heardMs: Float64Array;
  readonly metrics: readonly MetricDelta[];
  readonly numbers: readonly NumberCells[];
  readonly texts: readonly TextCells[];
}

export interface HostDelta {
  readonly row: number;
  readonly facts: HostFacts;
}

/** Replaces all that was known of the column's metadata. */
export interface MetricDelta {
  readonly column: number;
  readonly name: string;
  readonly kind: ValueKind;
  /** Of every host without an entry of its own; undefined where nobody has said anything. */
  readonly meta: MetricMeta | undefined;
  readonly own: readonly { readonly rows: Uint32Array; readonly meta: MetricMeta }[];
}

export interface NumberCells {
  readonly column: number;
  readonly rows: Uint32Array;
  /** NaN = no value. */
  readonly values: Float64Array;
  readonly decimals: Uint8Array;
  readonly timesMs: Float64Array;
}

export interface TextCells {
  readonly column: number;
  readonly rows: Uint32Array;
  /** undefined = no value. */
  readonly texts: readonly (string | undefined)[];
  readonly timesMs: Float64Array;
}
