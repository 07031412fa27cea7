/** Current alerts and what happened. */
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { AlertsAnswer } from "../../api/answers.js";
import { EVENTS_HELD } from "../../pull/puller.js";
import type { RouteContext } from "../context.js";
import { sendJson } from "../json.js";
import { parseQuery } from "../problem.js";

const alertsQuery = z.strictObject({
  /** Only events with a smaller sequence: the next page of the history. */
  before: z.coerce.number().int().positive().optional(),
});

export function alertRoutes(app: FastifyInstance, { present, client, stopping }: RouteContext): void {
  app.get("/alerts", async (request, reply) => {
    const { before } = parseQuery(alertsQuery, request.query);
    const { alerts, counts } = present.alerts;
    // The newest are held; older ones are asked for when somebody pages back.
    const events =
      before === undefined ? present.alerts.events : (await client.alerts(EVENTS_HELD, before, stopping)).events;
    const answer: AlertsAnswer = {
      collector: present.link,
      counts,
      alerts,
      events,
      more: events.length >= EVENTS_HELD,
    };
    return sendJson(request, reply, answer);
  });
}
