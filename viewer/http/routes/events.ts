/** The live stream (server-sent events): tick, host, alerts, link, resync. */
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { RouteContext } from "../context.js";
import { HttpProblem, parseQuery } from "../problem.js";
import { chooseMetric, metricChoices } from "../views/overview.js";
import { nameField } from "./present.js";

const eventsQuery = z
  .strictObject({
    /** Version of the data the page has. */
    since: z.string().max(200).optional(),
    metric: nameField.optional(),
    cluster: nameField.optional(),
    host: nameField.optional(),
  })
  .refine(
    (query) => (query.cluster === undefined) === (query.host === undefined),
    "expected cluster and host together",
  );

export function eventRoutes(app: FastifyInstance, { hub, present }: RouteContext): void {
  // A HEAD answer would be a stream that never says anything and never ends.
  app.get("/events", { sse: "only", exposeHeadRoute: false }, async (request, reply) => {
    const { since = "", metric, cluster, host } = parseQuery(eventsQuery, request.query);
    const { raw } = reply;
    const sink = {
      get pendingBytes() {
        return raw.writableLength;
      },
      write: (text: string) => void raw.write(text),
      drop: () => void raw.destroy(),
    };
    const interest = {
      metric: chooseMetric(metricChoices(present.store), metric),
      host: cluster === undefined || host === undefined ? undefined : { cluster, name: host },
      // A browser that connects again says what it had last.
      version: reply.sse.lastEventId ?? since,
    };
    if (!hub.hasRoom) throw new HttpProblem(503, "too many pages listen already", { "retry-after": "60" });
    reply.sse.keepAlive();
    reply.sse.sendHeaders();
    const leave = hub.add(sink, interest);
    if (leave === undefined) raw.destroy();
    else reply.sse.onClose(leave);
  });
}
