/**
 * What every answer carries and which requests are not answered at all. The
 * viewer only shows: there is nothing that an unsafe method could do.
 */
import { isIP } from "node:net";
import helmet from "@fastify/helmet";
import type { FastifyInstance } from "fastify";
import { HttpProblem } from "./problem.js";

const SAFE_METHODS = new Set(["GET", "HEAD"]);

/** @param names under which the viewer may be reached, besides addresses and localhost; lower case */
export async function secure(app: FastifyInstance, names: ReadonlySet<string>): Promise<void> {
  app.addHook("onRequest", async (request) => {
    if (!SAFE_METHODS.has(request.method)) {
      throw new HttpProblem(405, `${request.method} is not answered here: the viewer only shows`, {
        allow: "GET, HEAD",
      });
    }
    const host = request.headers.host ?? "";
    if (!isAllowedHost(host, names)) {
      throw new HttpProblem(
        421,
        `the name ${JSON.stringify(host.slice(0, 100))} is not one of this viewer's: add it to viewer.names`,
      );
    }
  });
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", "data:"],
        connectSrc: ["'self'"],
        fontSrc: ["'none'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        requireTrustedTypesFor: ["'script'"],
        trustedTypes: ["'none'"],
        // upgrade-insecure-requests is left out: over plain HTTP the page would load nothing.
      },
    },
    // Only for whoever terminates TLS; here it would mean nothing.
    strictTransportSecurity: false,
    referrerPolicy: { policy: "same-origin" },
    xFrameOptions: { action: "deny" },
  });
}

/**
 * A page elsewhere may point its own name at our address and then read us as its
 * own origin (DNS rebinding). It needs a name for that: addresses are safe.
 * @param header the Host header
 */
export function isAllowedHost(header: string, names: ReadonlySet<string>): boolean {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?$/.exec(header);
  if (match === null) return false;
  if (match[1] !== undefined) return isIP(match[1]) === 6;
  const name = (match[2] ?? "").toLowerCase().replace(/\.$/, "");
  return isIP(name) === 4 || name === "localhost" || name.endsWith(".localhost") || names.has(name);
}
