/** One TCP exchange: connects, sends a line if given, prints all that comes. Runs inside a namespace. */
import { connect } from "node:net";

const [host, port, line] = process.argv.slice(2);
const socket = connect({ host, port: Number(port) });
socket.setTimeout(40_000, () => socket.destroy(new Error("timed out")));
if (line !== undefined) socket.write(`${line}\n`);
socket.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
socket.pipe(process.stdout);
