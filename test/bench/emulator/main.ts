/**
 * The emulator as a process of its own. Its only argument is JSON, see Orders.
 *
 * On each TCP port a gmond: whole document on connect, then close. Each port goes
 * on to its next round with each reader, so every reader sees every value of its
 * port change as it should, however it times its polls. The next document is
 * ready before the next reader comes.
 */
import { createSocket } from "node:dgram";
import { createServer, type Socket } from "node:net";
import { systemClock } from "../../../core/base/clock.js";
import { type ClusterOptions, EmulatedCluster } from "./cluster.js";
import { DocumentWriter } from "./document.js";
import { metadataOf, valuesOf } from "./packets.js";
import { readTemplate, type Template } from "./template.js";

export interface Orders extends ClusterOptions {
  /** Document to clone hosts of. */
  readonly template: string;
  readonly address: string;
  readonly ports: readonly number[];
  /** A document goes out whole, or as a gmond writes it: each line by itself. */
  readonly writes: "whole" | "lines";
  /** Where packets go to, over and over, at most so many a second. */
  readonly packets?: { readonly address: string; readonly port: number; readonly perSecond: number };
}

/** Packets leave in bursts of so long: small ones, that no receiver's buffer overflows by. */
const BURST_MS = 10;

const orders = JSON.parse(process.argv[2] ?? "{}") as Orders;
const template = readTemplate(orders.template);
const cluster = new EmulatedCluster(template, orders);
for (const port of orders.ports) serve(template, port);
if (orders.packets !== undefined) send(orders.packets);
process.on("SIGTERM", () => process.exit(0));
process.stdout.write("ready\n");

function serve(from: Template, port: number): void {
  const writer = new DocumentWriter(from, cluster);
  let round = 0;
  writer.prepare(round);
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      // Whoever came meanwhile has got the same round.
      if (server.listening) writer.prepare(++round);
    });
    const document = writer.document(Math.floor(systemClock.nowMs() / 1_000));
    if (orders.writes === "lines") writeLines(socket, document);
    else socket.write(document);
    socket.end();
  });
  server.listen(port, orders.address);
}

function writeLines(socket: Socket, document: Buffer): void {
  for (let at = 0; at < document.length; ) {
    const end = document.indexOf("\n", at) + 1 || document.length;
    socket.write(document.subarray(at, end));
    at = end;
  }
}

function send({ address, port, perSecond }: NonNullable<Orders["packets"]>): void {
  const socket = createSocket("udp4");
  const packets = allPackets();
  let owed = 0;
  setInterval(() => {
    for (owed += (perSecond * BURST_MS) / 1_000; owed >= 1; owed--) {
      const next = packets.next();
      if (!next.done) socket.send(next.value, port, address);
    }
  }, BURST_MS);
}

/** Round after round for ever; metadata in the first two, in case some is lost, and in every tenth. */
function* allPackets(): Generator<Buffer> {
  for (let round = 0; ; round++) {
    for (let host = 0; host < orders.hosts; host++) {
      if (round % 10 < (round < 10 ? 2 : 1)) yield* metadataOf(cluster, host);
      yield* valuesOf(cluster, host, round);
    }
  }
}
