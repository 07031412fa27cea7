/** History of one metric of one host: asked of the collector each time, nothing is kept here. */
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { duration } from "../../../core/base/config/fields.js";
import { parseDuration } from "../../../core/model/duration.js";
import type { HistoryAnswer } from "../../api/answers.js";
import type { HistoryQuery, HistoryResult } from "../../pull/client.js";
import type { RouteContext } from "../context.js";
import { Gate } from "../gate.js";
import { sendJson } from "../json.js";
import { HttpProblem, parseQuery } from "../problem.js";
import { nameField } from "./present.js";

/** A screen has some 4,000 pixels across. */
export const BUCKETS_MAX = 4_000;
/** A day of samples each second is 86,400; whoever wants more of them gives a step. */
export const RAW_SAMPLES_MAX = 100_000;
const RAW_RANGE_MS_MAX = 7 * 86_400_000;
const RANGE_MS_MAX = 20 * 366 * 86_400_000;
/** Questions to the collector at a time, and those that may wait: a host page asks for some 40 charts. */
const ASKED_AT_ONCE = 8;
const WAITING_MAX = 512;

const INSTANT_EXPECTED = 'expected epoch seconds such as "1700000000" or a time back from now such as "-1h"';

const instant = z.string(INSTANT_EXPECTED).max(40);

const historyQuery = z.strictObject({
  cluster: nameField,
  host: nameField,
  metric: nameField,
  from: instant.default("-1h"),
  to: instant.default("-0s"),
  step: duration({ minMs: 1_000, maxMs: 366 * 86_400_000 }).optional(),
});

export function historyRoutes(app: FastifyInstance, { present, client, stopping }: RouteContext): void {
  const gate = new Gate(ASKED_AT_ONCE, WAITING_MAX);
  app.get("/history", async (request, reply) => {
    const query = historyQueryOf(parseQuery(historyQuery, request.query), present.nowMs());
    const result = await gate.run(() => client.history(query, stopping));
    return sendJson(request, reply, answerOf(query, result));
  });
}

/** @throws HttpProblem 400 where the range is no range or too much would come */
export function historyQueryOf(raw: z.output<typeof historyQuery>, nowMs: number): HistoryQuery {
  const fromMs = instantMs("from", raw.from, nowMs);
  const toMs = instantMs("to", raw.to, nowMs);
  if (!(fromMs < toMs)) throw new HttpProblem(400, `from: ${raw.from} is not before to: ${raw.to}`);
  if (toMs - fromMs > RANGE_MS_MAX) throw new HttpProblem(400, "from: more than 20 years before to");
  const key = { cluster: raw.cluster, host: raw.host, metric: raw.metric };
  if (raw.step === undefined) {
    if (toMs - fromMs > RAW_RANGE_MS_MAX) {
      throw new HttpProblem(400, "step: a range of more than 7 days needs one, for example 1h");
    }
    return { key, fromMs, toMs };
  }
  if ((toMs - fromMs) / raw.step > BUCKETS_MAX) {
    throw new HttpProblem(400, `step: gives more than ${BUCKETS_MAX} values, expected a longer one`);
  }
  return { key, fromMs, toMs, stepMs: raw.step };
}

/** @returns epoch ms */
export function instantMs(field: string, text: string, nowMs: number): number {
  if (/^\d{1,12}(?:\.\d{1,9})?$/.test(text)) return Number(text) * 1_000;
  const backMs = text.startsWith("-") ? parseDuration(text.slice(1)) : undefined;
  if (backMs === undefined) throw new HttpProblem(400, `${field}: ${JSON.stringify(text)}, ${INSTANT_EXPECTED}`);
  return nowMs - backMs;
}

function answerOf(query: HistoryQuery, result: HistoryResult): HistoryAnswer {
  const { key, fromMs, toMs } = query;
  const base = { ...key, fromMs: Math.round(fromMs), toMs: Math.round(toMs) };
  if (result.kind === "buckets") {
    return {
      ...base,
      kind: "buckets",
      startMs: result.startMs,
      stepMs: result.stepMs,
      min: holes(result.min),
      avg: holes(result.avg),
      max: holes(result.max),
    };
  }
  if (result.timesMs.length > RAW_SAMPLES_MAX) {
    throw new HttpProblem(400, `step: there are ${result.timesMs.length} samples, give a step to sum them up`);
  }
  const values = result.kind === "number" ? holes(result.values) : result.texts;
  return { ...base, kind: result.kind, timesMs: [...result.timesMs], values: [...values] };
}

/** JSON knows no NaN: a hole is null. */
function holes(values: Float64Array): (number | null)[] {
  return Array.from(values, (value) => (Number.isFinite(value) ? value : null));
}
