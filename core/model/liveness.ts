/**
 * The one place that says whether a host is up and whether a value is still
 * good. Everyone who needs an answer (collector, triggers, viewer) asks here.
 *
 * Ganglia itself disagrees at the edge: gmetad calls a host up while
 * TN < 4 x TMAX, ganglia-web while TN <= 4 x TMAX. We follow gmetad.
 */

/** Missed expectations after which silence means down. */
export const TMAX_FACTOR = 4;

/** The rule for sources too old to send TN and TMAX (before 2.5). */
const OLD_SOURCE_SILENCE_S = 60;

/**
 * @param silenceS seconds since the host was last heard
 * @param tmaxS the host's TMAX; 0 where the source sends none
 */
export function isHostUp(silenceS: number, tmaxS: number): boolean {
  const limitS = tmaxS > 0 ? tmaxS * TMAX_FACTOR : OLD_SOURCE_SILENCE_S;
  return silenceS < limitS;
}

/**
 * A value that its sender should have renewed by now is not evidence any more.
 * @param ageS seconds since the value was taken
 * @param tmaxS the metric's TMAX; 0 means that nothing is expected
 */
export function isStale(ageS: number, tmaxS: number): boolean {
  return tmaxS > 0 && ageS >= tmaxS * TMAX_FACTOR;
}

/**
 * @param ageS seconds since the value was taken or the host was heard
 * @param dmaxS its DMAX; 0 keeps it for ever
 */
export function isExpired(ageS: number, dmaxS: number): boolean {
  return dmaxS > 0 && ageS > dmaxS;
}
