/** The built pages: one HTML file for every page route, and its hashed assets. */
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";

/** Paths that the browser code knows; any other gets the same page with status 404. */
const PAGES = ["/", "/alerts", "/host/:cluster/:host"];

/** @param publicDir what `vite build` wrote: index.html and assets/ */
export async function pageRoutes(app: FastifyInstance, publicDir: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: join(publicDir, "assets"),
    prefix: "/assets/",
    index: false,
    dotfiles: "deny",
    preCompressed: true,
    // The name changes with the content.
    immutable: true,
    maxAge: "365d",
  });
  for (const path of PAGES) app.get(path, (_request, reply) => sendPage(reply, publicDir));
}

/** Asked for anew each time, with the ETag: its assets change their names with every release. */
export function sendPage(reply: FastifyReply, publicDir: string): FastifyReply {
  return reply.header("cache-control", "no-cache").sendFile("index.html", publicDir, {
    cacheControl: false,
    immutable: false,
    maxAge: 0,
    acceptRanges: false,
  });
}
