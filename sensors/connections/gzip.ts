/** A gmond with `gzip_output = yes` sends gzip from the first byte, without a word. */
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { codeOf, GrateError, messageOf } from "../../core/base/errors.js";

const gunzipAsync = promisify(gunzip);

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Unpacks in a worker thread of Node's pool, up to a limit: 1 MB of gzip can
 * unpack to 1 GB.
 * @param peer for the message
 * @throws GrateError for a broken or cut stream, and above the limit
 */
export async function gunzipWithin(bytes: Uint8Array, sizeLimitBytes: number, peer: string): Promise<Uint8Array> {
  try {
    return await gunzipAsync(bytes, { maxOutputLength: sizeLimitBytes });
  } catch (error) {
    const reason =
      codeOf(error) === "ERR_BUFFER_TOO_LARGE"
        ? `it unpacks to more than the limit of ${sizeLimitBytes} bytes`
        : messageOf(error);
    throw new GrateError(`Cannot unpack the gzip stream of ${peer} (${bytes.length} bytes): ${reason}`);
  }
}
