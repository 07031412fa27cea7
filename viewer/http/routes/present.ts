/** What is: overview, one host, status. */
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { NAME_LENGTH_MAX, quoteName } from "../../../core/model/names.js";
import type { StatusAnswer } from "../../api/answers.js";
import type { RouteContext } from "../context.js";
import { sendJson } from "../json.js";
import { HttpProblem, parseQuery } from "../problem.js";
import { hostOf } from "../views/host.js";
import { overviewOf } from "../views/overview.js";
import { sumsOf } from "../views/sums.js";

export const nameField = z.string().min(1).max(NAME_LENGTH_MAX);

const overviewQuery = z.strictObject({ metric: nameField.optional() });
const hostParams = z.strictObject({ cluster: nameField, host: nameField });
const noQuery = z.strictObject({});

export function presentRoutes(app: FastifyInstance, context: RouteContext): void {
  const { present } = context;

  app.get("/overview", async (request, reply) => {
    const { metric } = parseQuery(overviewQuery, request.query);
    return sendJson(request, reply, overviewOf(present, metric));
  });

  app.get("/hosts/:cluster/:host", async (request, reply) => {
    parseQuery(noQuery, request.query);
    const { cluster, host } = parseQuery(hostParams, request.params);
    const answer = hostOf(present, cluster, host);
    if (answer === undefined) {
      throw new HttpProblem(404, `there is no host ${quoteName(host)} in cluster ${quoteName(cluster)}`);
    }
    return sendJson(request, reply, answer);
  });

  app.get("/status", async (request, reply) => {
    parseQuery(noQuery, request.query);
    return sendJson(request, reply, statusOf(context));
  });
}

function statusOf({ present, hub, clock, startedAtMs }: RouteContext): StatusAnswer {
  const { status, link, counters } = present;
  return {
    collector: {
      ...link,
      version: status?.version ?? "",
      instance: status?.instance ?? "",
      frame: present.store.since?.frame ?? 0,
      uptimeMs: status?.uptimeMs ?? 0,
    },
    viewer: {
      uptimeMs: Math.round(clock.monotonicMs() - startedAtMs),
      listeners: hub.size,
      ...counters,
    },
    sources: status?.sources ?? [],
    clusters: overviewOf(present, undefined).clusters.map(({ name, up, down }) => ({
      name,
      up,
      down,
      metrics: present.store.clusters.get(name)?.columns.filter((column) => column !== undefined).length ?? 0,
    })),
    sums: sumsOf(present, null).map(({ kind, name, live, up, down }) => ({ kind, name, live, up, down })),
  };
}
