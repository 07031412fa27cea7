/** What the reader takes from one document before it refuses more. */

export interface ReaderLimits {
  /** Hosts of one document; further ones are passed over and counted. */
  readonly hostsMax: number;
  /** METRIC elements of one host; a host with more is malformed. */
  readonly metricsPerHostMax: number;
  /** Octets of one attribute; an element with a longer one is malformed. */
  readonly attributeOctetsMax: number;
  /** EXTRA_ELEMENTs kept of one metric; further ones are left out. */
  readonly extraPairsMax: number;
  /** GRIDs inside of one another; deeper ones are counted and their own sums passed over. */
  readonly gridDepthMax: number;
  /** Grids and clusters of one document that are told in sums; further ones are passed over and counted. */
  readonly sumsMax: number;
  /** METRICS elements of one document; further ones are passed over and counted. */
  readonly sumMetricsMax: number;
  /** Faults told in one report; further ones are only counted. */
  readonly faultsMax: number;
  /**
   * Octets kept of each cluster to recognise what comes again. What does not fit
   * is read all the same, only slower.
   */
  readonly rememberedOctetsMax: number;
}

export const DEFAULT_READER_LIMITS: ReaderLimits = Object.freeze({
  // As many as a cluster's directory takes.
  hostsMax: 65_536,
  // The largest sites known have some 1,000 metrics a host.
  metricsPerHostMax: 8_192,
  // gmond prints through 1,024 octets, gmetad through 4,096 of the 16 KiB it composes.
  attributeOctetsMax: 16_384,
  // gmetad keeps 32.
  extraPairsMax: 64,
  // A federation of more than three levels is not known.
  gridDepthMax: 64,
  // As many as a collector takes by default, tenfold.
  sumsMax: 10_000,
  // The sums of 1,000 clusters with 250 metrics each, some 80 MB of objects.
  sumMetricsMax: 262_144,
  faultsMax: 10,
  // A metric is some 330 octets: 200,000 that all differ.
  rememberedOctetsMax: 64 * 1_024 * 1_024,
});
