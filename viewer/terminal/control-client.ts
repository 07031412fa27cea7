/** Asks the control port: health and status over HTTP, with the token from the state directory. */
import { get } from "node:http";
import { z } from "zod";
import { type Address, formatAddress } from "../../core/base/address.js";
import type { Clock } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";

/** From the call to the last byte. */
const ANSWER_LIMIT_MS = 5_000;
/** A source takes some 300 bytes; there are at most some thousand. */
const ANSWER_BYTES_MAX = 8 * 2 ** 20;

const sourceSchema = z.object({
  name: z.string(),
  type: z.string(),
  state: z.enum(["starting", "ok", "failing", "stopped"]),
  message: z.string(),
  lastFrameMs: z.number(),
  frames: z.number(),
  failures: z.number(),
  malformed: z.number(),
  skewMs: z.number(),
  address: z.string(),
});

const clusterSchema = z.object({
  name: z.string(),
  hostsUp: z.number(),
  hostsDown: z.number(),
  metrics: z.number(),
  frame: z.number(),
  frameTimeMs: z.number(),
});

const sumsSchema = z.object({
  kind: z.enum(["grid", "cluster"]),
  name: z.string(),
  source: z.string(),
  hostsUp: z.number(),
  hostsDown: z.number(),
  metrics: z.number(),
  timeMs: z.number(),
});

/** What the query port tells everybody as well. */
const statusSchema = z.object({
  version: z.string(),
  startedMs: z.number(),
  uptimeMs: z.number(),
  frame: z.number(),
  sources: z.array(sourceSchema),
  clusters: z.array(clusterSchema),
  sums: z.array(sumsSchema).optional(),
});

const readinessSchema = z.object({ reasons: z.array(z.string()), notes: z.array(z.string()).default([]) });

export interface CollectorReport extends z.output<typeof statusSchema> {
  /** Why it cannot do its work, in words; undefined where that is not told. */
  readonly faults?: readonly string[];
  /** Worth knowing, but it does its work; undefined where that is not told. */
  readonly notes?: readonly string[];
}

/** The control port gives no status: nobody there, or a wrong token. */
export class ControlUnavailable extends Error {
  override readonly name = "ControlUnavailable";
}

/** @throws ControlUnavailable */
export async function readStatusOf(address: Address, token: string, clock: Clock): Promise<CollectorReport> {
  const status = await getJson(address, "/status", token, clock, statusSchema, [200]);
  // 503 is how the port says "not ready"; the answer says why.
  const { reasons, notes } = await getJson(address, "/readyz", token, clock, readinessSchema, [200, 503]);
  return { ...status, faults: reasons, notes };
}

async function getJson<S extends z.ZodType>(
  address: Address,
  path: string,
  token: string,
  clock: Clock,
  schema: S,
  accepted: readonly number[],
): Promise<z.output<S>> {
  const text = await getText(address, path, token, clock, accepted);
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof SyntaxError ? "it is not JSON" : "fields are missing or of another type";
    throw new ControlUnavailable(`asking ${formatAddress(address)} for ${path}: no answer of a collector: ${why}`);
  }
}

function getText(
  address: Address,
  path: string,
  token: string,
  clock: Clock,
  accepted: readonly number[],
): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      timer.cancel();
      request.destroy();
      reject(new ControlUnavailable(`asking ${formatAddress(address)}: ${why}`));
    };
    const timer = clock.setTimer(() => fail(`no whole answer within ${ANSWER_LIMIT_MS} ms`), ANSWER_LIMIT_MS);
    const headers = { authorization: `Bearer ${token}` };
    const request = get({ host: address.host, port: address.port, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (length > ANSWER_BYTES_MAX) fail(`the answer has more than ${ANSWER_BYTES_MAX} bytes`);
        else chunks.push(chunk);
      });
      response.on("error", (error) => fail(messageOf(error)));
      response.on("end", () => {
        const { statusCode = 0 } = response;
        if (!accepted.includes(statusCode)) return fail(`status ${statusCode}, expected ${accepted.join(" or ")}`);
        timer.cancel();
        resolve(Buffer.concat(chunks).toString("utf8"));
      });
    });
    request.on("error", (error) => fail(messageOf(error)));
  });
}
