/** What can go wrong between two ends that speak the extension. */

/** Words for a program to act upon: ask differently; no such name; try later; a fault of the collector's own. */
export const ERROR_CODES = ["bad-request", "not-found", "unavailable", "internal"] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** The document is well-formed XML, but not one of ours as described in FORMAT.md. */
export class ExtensionError extends Error {
  override readonly name: string = "ExtensionError";
}

/** The collector answered that it will not or cannot. */
export class RefusedError extends ExtensionError {
  override readonly name = "RefusedError";
  /** One of ERROR_CODES, or a word of a later version. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
