/** What the reader says of a document. */

/** What one document was. */
export interface ReadReport {
  /** VERSION of GANGLIA_XML, "" if there is none. */
  readonly version: string;
  /** "gmond" is a leaf, "gmetad" an aggregator, "" anything else. */
  readonly sourceKind: "gmond" | "gmetad" | "";
  /** Clusters with hosts, handed on as frames. */
  readonly clusters: number;
  /** Grids and clusters of which there were only sums, handed on as such; what is part of another one is not counted. */
  readonly summaries: number;
  readonly hosts: number;
  /** Values handed on. */
  readonly metrics: number;
  /** Clusters, hosts, metrics and sums that were passed over as malformed, refused, or one too many. */
  readonly malformed: number;
  /** Why, one line each, the first few of them. */
  readonly faults: readonly string[];
  /** The writer's clock minus ours, ms; 0 where it is tolerated or not known. */
  readonly skewMs: number;
  /** The end of the document was seen. */
  readonly complete: boolean;
  /** Why nothing at all could be read: it is no Ganglia document. */
  readonly fault?: string;
}

/** Of what is no document. */
export const EMPTY_REPORT: ReadReport = Object.freeze({
  version: "",
  sourceKind: "",
  clusters: 0,
  summaries: 0,
  hosts: 0,
  metrics: 0,
  malformed: 0,
  faults: Object.freeze([]),
  skewMs: 0,
  complete: false,
});
