/** What an RRD file is said to hold when it is created, and what stays the same until somebody tunes it. */

/** Types of data source. The position is used in typed arrays. */
export const DS_TYPES = ["GAUGE", "COUNTER", "DERIVE", "ABSOLUTE", "DCOUNTER", "DDERIVE", "COMPUTE"] as const;
export type DsType = (typeof DS_TYPES)[number];

/** Consolidation functions that we compute. The position is used in typed arrays. */
export const PLAIN_CFS = ["AVERAGE", "MIN", "MAX", "LAST"] as const;

/** Those of Holt-Winters forecasting: read, never written. */
export const FORECAST_CFS = ["HWPREDICT", "MHWPREDICT", "SEASONAL", "DEVSEASONAL", "DEVPREDICT", "FAILURES"] as const;

export type Cf = (typeof PLAIN_CFS)[number] | (typeof FORECAST_CFS)[number];

/** Longest name of a data source, bytes. */
export const DS_NAME_LENGTH_MAX = 19;

export interface DataSource {
  readonly name: string;
  readonly type: DsType;
  /** An update after a longer silence tells nothing of the time between, seconds. */
  readonly heartbeatS: number;
  /** Limits of the rate; NaN: none. */
  readonly min: number;
  readonly max: number;
}

export interface RoundRobinArchive {
  readonly cf: Cf;
  readonly rowCount: number;
  /** Primary data points, that is steps, a row. */
  readonly pdpCount: number;
  /** Share of a row that may be unknown. Means nothing in a forecast's archive. */
  readonly xff: number;
}

export interface RrdDefinition {
  /** Seconds. */
  readonly stepS: number;
  readonly dataSources: readonly DataSource[];
  readonly archives: readonly RoundRobinArchive[];
}

export function isDsType(text: string): text is DsType {
  return (DS_TYPES as readonly string[]).includes(text);
}

export function isPlainCf(text: string): text is (typeof PLAIN_CFS)[number] {
  return (PLAIN_CFS as readonly string[]).includes(text);
}

export function isCf(text: string): text is Cf {
  return isPlainCf(text) || (FORECAST_CFS as readonly string[]).includes(text);
}
