/** The least that Node can do with datagrams: counts them. What our listener costs is compared with this. */
import { createSocket } from "node:dgram";

let packets = 0;
const socket = createSocket("udp4");
socket.on("message", () => {
  packets++;
});
socket.bind(Number(process.argv[2]), "127.0.0.1", () => {
  socket.setRecvBufferSize(4 * 2 ** 20);
  process.stdout.write("ready\n");
});
process.stdin.on("data", () => process.stdout.write(`packets ${packets}\n`));
