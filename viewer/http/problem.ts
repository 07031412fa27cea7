/** Errors as problem+json (RFC 9457): what was wrong, and what was expected. */
import { STATUS_CODES } from "node:http";
import type { FastifyReply } from "fastify";
import type { ZodType, z } from "zod";
import type { Problem } from "../api/answers.js";
import { CollectorRefused, CollectorUnreachable, MalformedAnswer } from "../pull/client.js";

/** An answer that is not 2xx and that the reader can do something about. */
export class HttpProblem extends Error {
  override readonly name = "HttpProblem";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.status = status;
    this.headers = headers;
  }
}

export function sendProblem(reply: FastifyReply, problem: HttpProblem): FastifyReply {
  const body: Problem = {
    type: "about:blank",
    title: STATUS_CODES[problem.status] ?? "Error",
    status: problem.status,
    detail: problem.message,
  };
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .header("cache-control", "no-store")
    .type("application/problem+json; charset=utf-8")
    .send(JSON.stringify(body));
}

/** What the words of a refusal mean to whoever asked us. */
const REFUSED_STATUS: Readonly<Record<string, number>> = Object.freeze({ "bad-request": 400, unavailable: 503 });

/** @returns the problem to answer, undefined where the fault is ours and its text is nobody else's business */
export function problemOf(error: unknown): HttpProblem | undefined {
  if (error instanceof HttpProblem) return error;
  if (error instanceof CollectorUnreachable) return new HttpProblem(504, error.message);
  if (error instanceof MalformedAnswer) return new HttpProblem(502, error.message);
  if (error instanceof CollectorRefused) {
    return new HttpProblem(REFUSED_STATUS[error.code] ?? 502, `the collector refuses: ${error.message}`);
  }
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (typeof status === "number" && status >= 400 && status < 500) {
    return new HttpProblem(status, error instanceof Error ? error.message : "bad request");
  }
  return undefined;
}

/** @throws HttpProblem 400 naming every field that is wrong */
export function parseQuery<T extends ZodType>(schema: T, query: unknown): z.output<T> {
  const result = schema.safeParse(query);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `${issue.path.join(".") || "query"}: ${issue.message}`);
  throw new HttpProblem(400, faults.join("; "));
}
