/** Questions to servers inside a namespace. */
import { resolve } from "node:path";
import { runProcess } from "./process.js";

const EXCHANGE = resolve(import.meta.dirname, "exchange.mjs");

/** Connects, sends the line if there is one, and returns all that comes until the end. */
export async function ask(namespace: string, host: string, port: number, line?: string): Promise<string> {
  const args = [EXCHANGE, host, String(port), ...(line === undefined ? [] : [line])];
  const run = await runProcess(process.execPath, args, { namespace });
  if (run.code !== 0) throw new Error(`asking ${host}:${port} ${line ?? ""}: ${run.stderr.trim()}`);
  return run.stdout;
}

const HTTP_GET = resolve(import.meta.dirname, "http-get.mjs");

/** GET of a URL inside the namespace, with a bearer token if there is one. */
export async function get(namespace: string, url: string, token?: string): Promise<{ status: number; body: string }> {
  const args = [HTTP_GET, url, ...(token === undefined ? [] : [token])];
  const run = await runProcess(process.execPath, args, { namespace });
  if (run.code !== 0) throw new Error(`GET ${url}: ${run.stderr.trim()}`);
  return JSON.parse(run.stdout);
}
