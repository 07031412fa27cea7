/** What says who we are, read from files at each request, so that a new secret needs no restart. */
import { readFile } from "node:fs/promises";
import { messageOf } from "../../core/base/errors.js";
import type { RemoteConfig } from "./config.js";

/** A token is short; a file that is not is the wrong file. */
const SECRET_CHARS_MAX = 64 * 1_024;

/** @throws Error naming the file that cannot be read */
export async function requestHeaders(config: RemoteConfig): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(config.headers)) {
    headers[name] = typeof value === "string" ? value : await readSecret(value.file);
  }
  const basic = config["basic-auth"];
  if (basic !== undefined) {
    const pair = `${basic.user}:${await readSecret(basic.password.file)}`;
    headers["authorization"] = `Basic ${Buffer.from(pair, "utf8").toString("base64")}`;
  }
  const bearer = config["bearer-token"];
  if (bearer !== undefined) headers["authorization"] = `Bearer ${await readSecret(bearer.file)}`;
  return headers;
}

async function readSecret(path: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(path, "utf8")).replace(/\r?\n$/, "");
  } catch (error) {
    throw new Error(`cannot read the secret in ${path}: ${messageOf(error)}`);
  }
  if (text === "" || text.length > SECRET_CHARS_MAX || /[\0\r\n]/.test(text)) {
    throw new Error(`the secret in ${path} is no single line of at most ${SECRET_CHARS_MAX} characters`);
  }
  return text;
}
