/** Clients on real loopback sockets that do what clients should not. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";

/** Sends the octets, closes its side, reads to the end. A reset gives what came before it. */
export async function ask(port: number, request: string | Buffer = "", host = "127.0.0.1"): Promise<string> {
  const socket = connect({ port, host, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("error", () => {});
  if (request.length > 0) socket.end(request);
  await new Promise((resolve) => socket.once("close", resolve));
  return Buffer.concat(chunks).toString("utf8");
}

/** @throws ECONNREFUSED where nobody listens */
export async function connected(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Resolves once the peer has closed the connection, whichever way; what comes is thrown away. */
export async function dropped(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.closed && !socket.readableEnded) await Promise.race([once(socket, "close"), once(socket, "end")]);
  socket.destroy();
}

/** For what sockets do in their own time; fails by the test's own limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}
