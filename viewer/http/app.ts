/** The HTTP side put together: what is answered, under which rules, and what errors look like. */
import { fastifySSE } from "@fastify/sse";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { messageOf } from "../../core/base/errors.js";
import { rateLimited } from "../../core/base/log.js";
import { TIME_HEADER } from "../api/answers.js";
import type { RouteContext } from "./context.js";
import { HttpProblem, problemOf, sendProblem } from "./problem.js";
import { alertRoutes } from "./routes/alerts.js";
import { eventRoutes } from "./routes/events.js";
import { historyRoutes } from "./routes/history.js";
import { pageRoutes, sendPage } from "./routes/pages.js";
import { presentRoutes } from "./routes/present.js";
import { secure } from "./security.js";

export const API_PREFIX = "/api/v1";

/** Headers and body of a request must be here within it; answers may take longer. */
const REQUEST_LIMIT_MS = 15_000;
/** Each page holds up to six connections, one of them its stream. */
const CONNECTIONS_MAX = 2_048;
/** Nothing that we answer has a body. */
const BODY_BYTES_MAX = 1_024;
/** Two names of 512 UTF-16 units, three octets each, percent-encoded to three characters an octet. */
const PARAM_LENGTH_MAX = 512 * 9;

export interface AppParts {
  readonly context: RouteContext;
  readonly publicDir: string;
  /** Names under which the viewer may be reached, lower case. */
  readonly names: ReadonlySet<string>;
}

export async function buildApp({ context, publicDir, names }: AppParts): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_LIMIT_MS,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  const log = rateLimited(context.logger, context.clock);

  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error);
    if (problem === undefined) {
      log.warn(
        `${request.routeOptions.url}`,
        { url: request.url.slice(0, 200), error: messageOf(error) },
        "BUG: a request failed",
      );
    }
    return sendProblem(reply, problem ?? new HttpProblem(500, "the viewer failed, its log says why"));
  });
  app.setNotFoundHandler((request, reply) => notFound(request, reply, publicDir));

  await secure(app, names);
  await app.register(fastifySSE, { heartbeatInterval: 0 });
  await pageRoutes(app, publicDir);
  await app.register(
    async (api) => {
      api.addHook("onRequest", async (_request, reply) => {
        reply.header(TIME_HEADER, Math.round(context.present.nowMs()));
      });
      presentRoutes(api, context);
      historyRoutes(api, context);
      alertRoutes(api, context);
      eventRoutes(api, context);
    },
    { prefix: API_PREFIX },
  );
  return app;
}

/** A person gets the page, which says it in words; a program gets the problem. */
function notFound(request: FastifyRequest, reply: FastifyReply, publicDir: string): FastifyReply {
  const isPage = request.headers.accept?.includes("text/html") === true && !request.url.startsWith("/api/");
  if (isPage) return sendPage(reply.code(404), publicDir);
  return sendProblem(reply, new HttpProblem(404, "there is nothing here"));
}
