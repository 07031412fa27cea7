/** What is said of a host and of a cluster besides their metrics. */

export interface HostFacts {
  readonly name: string;
  /** Address text as the source gives it; may be a name (override_hostname). */
  readonly ip: string;
  readonly tags: string;
  /** "rack,rank,plane" by convention, "unspecified" where unset. */
  readonly location: string;
  /** Longest expected silence, seconds. */
  readonly tmaxS: number;
  /** A host silent for longer is deleted, seconds; 0 keeps it for ever. */
  readonly dmaxS: number;
  /** Start of the sender, epoch seconds; 0 is unknown. */
  readonly startedS: number;
}

export interface ClusterFacts {
  readonly owner: string;
  readonly latlong: string;
  readonly url: string;
}

/** gmond's word for an attribute nobody has set. */
export const UNSPECIFIED = "unspecified";

export const NO_CLUSTER_FACTS: ClusterFacts = Object.freeze({
  owner: UNSPECIFIED,
  latlong: UNSPECIFIED,
  url: UNSPECIFIED,
});

/** gmond's default host_tmax: a heartbeat is sent every 20 s. */
export const DEFAULT_HOST_TMAX_S = 20;

export function newHostFacts(name: string): HostFacts {
  return {
    name,
    ip: "",
    tags: "",
    location: UNSPECIFIED,
    tmaxS: DEFAULT_HOST_TMAX_S,
    dmaxS: 0,
    startedS: 0,
  };
}

export function sameHostFacts(a: HostFacts, b: HostFacts): boolean {
  return (
    a === b ||
    (a.name === b.name &&
      a.ip === b.ip &&
      a.tags === b.tags &&
      a.location === b.location &&
      a.tmaxS === b.tmaxS &&
      a.dmaxS === b.dmaxS &&
      a.startedS === b.startedS)
  );
}
