/**
 * Sources that misbehave, each on a port of its own, and one good one. Runs
 * inside a namespace; prints "ready" when all listen.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

const fixture = readFileSync(new URL("../../fixtures/ganglia-3.7.2/gmond-8649.xml", import.meta.url), "utf8");

/** LOCALTIME of a source whose clock is right. */
function nowS() {
  // biome-ignore lint/plugin: plain JavaScript outside the build cannot import our clock
  return Math.floor(Date.now() / 1000);
}

/** The captured document as if written now, under another cluster name. */
function document(cluster) {
  return fixture
    .replace(/NAME="probe" LOCALTIME="\d+"/, `NAME="${cluster}" LOCALTIME="${nowS()}"`)
    .replaceAll(/ TN="\d+"/g, ' TN="1"');
}

const HOSTILE = ["../../x", "&lt;b&gt;", "node[1-999]", "x".repeat(5_000), "temp\u00e9rature", "a/b?c%25d e"];

function hostile() {
  const metric = (name) =>
    `<METRIC NAME="${name}" VAL="1.5" TYPE="float" UNITS="" TN="1" TMAX="60" DMAX="0" SLOPE="both"/>`;
  const hosts = HOSTILE.map(
    (name) =>
      `<HOST NAME="${name}" IP="10.0.0.1" REPORTED="1" TN="1" TMAX="20" DMAX="0">${HOSTILE.map(metric).join("\n")}</HOST>`,
  );
  return `<?xml version="1.0" encoding="ISO-8859-1"?>\n<GANGLIA_XML VERSION="3.7.2" SOURCE="gmond">\n<CLUSTER NAME="hostile" LOCALTIME="${nowS()}">\n${hosts.join("\n")}\n</CLUSTER>\n</GANGLIA_XML>\n`;
}

const servers = {
  9002: () => {},
  9003: (socket) => socket.end(document("truncated").slice(0, 25_000)),
  9004: (socket) => pour(socket, 200 * 2 ** 20),
  9005: (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\nThis is not what you are looking for.\r\n"),
  9006: (socket) => socket.end(hostile()),
  9007: (socket) => socket.end(document("good")),
};

/** Keeps writing blanks as fast as they are taken. */
function pour(socket, bytes) {
  const chunk = Buffer.alloc(1 << 20, " ");
  socket.write('<?xml version="1.0"?><GANGLIA_XML VERSION="3.7.2" SOURCE="gmond">');
  let left = bytes;
  const more = () => {
    while (left > 0) {
      left -= chunk.length;
      if (!socket.write(chunk)) return;
    }
    socket.end();
  };
  socket.on("drain", more);
  more();
}

const listening = Object.entries(servers).map(
  ([port, serve]) =>
    new Promise((resolve) => {
      const server = createServer((socket) => {
        socket.on("error", () => {});
        serve(socket);
      });
      server.listen(Number(port), "127.0.0.1", resolve);
    }),
);
await Promise.all(listening);
process.stdout.write("ready\n");
