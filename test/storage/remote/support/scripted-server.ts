/** An HTTP server on loopback that answers as it is told and keeps what it was sent. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A status, or what to do with the response by hand. */
export type Answer =
  | number
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string | Buffer }
  | ((response: ServerResponse) => void);

export interface ScriptedServer {
  readonly url: string;
  readonly received: Received[];
  /** The next answers, in order; afterwards 204. */
  readonly answers: Answer[];
  stop(): Promise<void>;
}

export async function scriptedServer(): Promise<ScriptedServer> {
  const received: Received[] = [];
  const answers: Answer[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks) });
    const answer = answers.shift() ?? 204;
    if (typeof answer === "function") return answer(response);
    const { status, headers = {}, body = "" } = typeof answer === "number" ? { status: answer } : answer;
    response.writeHead(status, headers).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answers,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
