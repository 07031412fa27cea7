/**
 * What an RRD file remembers between two updates, in typed arrays: one entry a data
 * source, or one a pair of archive and data source, archive by archive.
 */

export class RrdState {
  /** The last update: seconds since 1970, and microseconds 0..999999. */
  lastUpS = 0;
  lastUpUs = 0;
  /** The last reading as it was given, one character a byte, at most 29. */
  readonly lastDs: string[];
  /** The open step: seconds known to be unknown, and the sum of rate times seconds (NaN: none). */
  readonly pdpUnknownS: Float64Array;
  readonly pdpValue: Float64Array;
  /** The open row of an archive of several steps: what was gathered, and its unknown steps. */
  readonly cdpValue: Float64Array;
  readonly cdpUnknown: Float64Array;
  /** What the last writing wrote into its first row, and into all further ones. */
  readonly cdpPrimary: Float64Array;
  readonly cdpSecondary: Float64Array;
  /** The row written last, an entry an archive. */
  readonly curRow: Float64Array;

  constructor(dsCount: number, rraCount: number) {
    this.lastDs = new Array<string>(dsCount).fill("U");
    this.pdpUnknownS = new Float64Array(dsCount);
    this.pdpValue = new Float64Array(dsCount);
    this.cdpValue = new Float64Array(rraCount * dsCount);
    this.cdpUnknown = new Float64Array(rraCount * dsCount);
    this.cdpPrimary = new Float64Array(rraCount * dsCount);
    this.cdpSecondary = new Float64Array(rraCount * dsCount);
    this.curRow = new Float64Array(rraCount);
  }
}
