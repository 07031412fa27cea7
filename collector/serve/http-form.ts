/**
 * The query port's HTTP, of which gmetad knows just enough for a browser: one request, one answer, closed. Only
 * the request line means anything; headers are read and thrown away.
 */

export interface HttpRequest {
  readonly method: string;
  /** As it came, encoded. */
  readonly target: string;
}

/** @returns undefined for a line that is no request of HTTP/1 */
export function parseHttpRequest(line: string): HttpRequest | undefined {
  // gmetad takes names with blanks raw here too.
  const match = /^([A-Z]{3,16}) (.*) HTTP\/1\.\d$/.exec(line);
  return match === null ? undefined : { method: match[1] as string, target: match[2] as string };
}

/** Where a line that has only begun is one of HTTP. */
export const HTTP_GET = "GET ";

/** @returns the method of a line that has only begun and is one of HTTP, else undefined */
export function httpMethod(start: string): string | undefined {
  return /^([A-Z]{3,16}) /.exec(start)?.[1];
}

export const XML_TYPE = "application/xml";
export const JSON_TYPE = "application/json";

const REASONS = Object.freeze({
  200: "OK",
  400: "Bad Request",
  405: "Method Not Allowed",
  414: "URI Too Long",
  503: "Service Unavailable",
});
export type HttpStatus = keyof typeof REASONS;

/**
 * Everything before the body. The body ends with the connection. Pages of other origins may read it, as they may
 * gmetad's: that is what the form is for.
 */
export function httpHead(status: HttpStatus, contentType: string, more: readonly string[] = []): string {
  const lines = [
    `HTTP/1.0 ${status} ${REASONS[status]}`,
    "Server: grate",
    "Access-Control-Allow-Origin: *",
    `Content-Type: ${contentType}`,
    "X-Content-Type-Options: nosniff",
    ...more,
    "Connection: close",
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** A refusal in one line of text; with none of it for who asked for the head alone. */
export function httpRefusal(status: Exclude<HttpStatus, 200>, message: string): string {
  return `${httpHead(status, "text/plain; charset=utf-8", status === 405 ? ["Allow: GET"] : [])}${message === "" ? "" : `${message}\n`}`;
}
