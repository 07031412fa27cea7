import { RrdError } from "../rrd-error.js";

/** Puts words before the message of an error. */
export function prefixed<T>(prefix: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof RrdError ? new RrdError(prefix + error.message) : error;
  }
}
