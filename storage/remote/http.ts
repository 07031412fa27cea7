/** One request and its answer, within a deadline and a size. Whatever comes from the peer is not believed. */
import type { Clock } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";

export interface HttpRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer> | URLSearchParams;
  /** From the first byte sent to the last received. */
  readonly timeoutMs: number;
  /** Of the answer, unpacked. */
  readonly answerBytesMax: number;
  /** Ends the request early. */
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** Cut at answerBytesMax. */
  readonly text: string;
  readonly isCut: boolean;
}

const USER_AGENT = "grate";

/**
 * POST. Redirects are not followed: the headers hold secrets that are meant for one address.
 * @throws Error naming the address, if there is no answer
 */
export async function post(clock: Clock, request: HttpRequest): Promise<HttpAnswer> {
  const { url, headers, body, timeoutMs, answerBytesMax, signal } = request;
  const ended = new AbortController();
  const end = () => ended.abort(new Error("it was ended"));
  const timer = clock.setTimer(() => ended.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  signal?.addEventListener("abort", end);
  try {
    if (signal?.aborted) end();
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "user-agent": USER_AGENT },
      body,
      redirect: "manual",
      signal: ended.signal,
    });
    const { text, isCut } = await readText(response, answerBytesMax);
    return { status: response.status, retryAfter: response.headers.get("retry-after") ?? undefined, text, isCut };
  } catch (error) {
    throw new Error(`${new URL(url).host}: ${causeOf(ended.signal.aborted ? ended.signal.reason : error)}`);
  } finally {
    timer.cancel();
    signal?.removeEventListener("abort", end);
  }
}

async function readText(response: Response, bytesMax: number): Promise<{ text: string; isCut: boolean }> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  if (response.body !== null) {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      bytes += chunk.length;
      // Leaving the loop ends the connection.
      if (bytes > bytesMax) break;
    }
  }
  return { text: Buffer.concat(chunks).toString("utf8", 0, bytesMax), isCut: bytes > bytesMax };
}

/** fetch says only "fetch failed"; why stands in the cause. */
function causeOf(error: unknown): string {
  const cause = (error as { cause?: unknown } | undefined)?.cause;
  return messageOf(cause ?? error);
}

/** What a peer said, for one line of a log: printable and short. */
export function excerpt(text: string): string {
  const line = text
    .replaceAll(/[^\x20-\x7e\u00a0-\ud7ff\ue000-\uffff]+/g, " ")
    .replaceAll(/ +/g, " ")
    .trim();
  return line.length > 200 ? `${line.slice(0, 200)}...` : line;
}

/** A URL for a log: what stands behind "?" may be a secret. */
export function placeOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
