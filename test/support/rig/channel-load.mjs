/**
 * Speaks for many hosts on a UDP port of the loopback, each from an address of
 * its own, at the rates that stdin asks for: "metadata 5000" sends the metadata
 * of all metrics once, "values 20000 10" sends values for ten seconds. Says
 * "done COUNT" after each. Runs inside a namespace.
 */
import { createSocket } from "node:dgram";
import { createInterface } from "node:readline";

const [portText, hostsText] = process.argv.slice(2);
const PORT = Number(portText);
const HOSTS = Number(hostsText);
/** Packets go out in bursts of this much time's worth, as those of a real cluster do. */
const BURST_MS = 5;

/** What a gmond sends, by name: id of the packet, format, type. 22 of them. */
const METRICS = [
  ..."cpu_user cpu_system cpu_idle cpu_nice cpu_wio cpu_steal"
    .split(" ")
    .map((name) => [name, 134, "%.1f", "float", "%"]),
  ..."load_one load_five load_fifteen".split(" ").map((name) => [name, 134, "%.2f", "float", " "]),
  ..."mem_free mem_cached mem_buffers swap_free".split(" ").map((name) => [name, 134, "%.0f", "float", "KB"]),
  ..."bytes_in bytes_out pkts_in pkts_out".split(" ").map((name) => [name, 134, "%.2f", "float", "bytes/sec"]),
  ..."proc_run proc_total".split(" ").map((name) => [name, 132, "%u", "uint32", " "]),
  ["part_max_used", 134, "%.1f", "float", "%"],
  ["disk_free", 135, "%.3f", "double", "GB"],
  ["gpu0_temp", 133, "%s", "uint32", "C"],
];

const u32 = (value) => {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
};
const text = (value) =>
  Buffer.concat([u32(value.length), Buffer.from(value), Buffer.alloc((4 - (value.length % 4)) % 4)]);
const head = (id, host, name) => Buffer.concat([u32(id), text(host), text(name), u32(0)]);

const hosts = [];
for (let i = 0; i < HOSTS; i++) {
  const socket = createSocket("udp4");
  await new Promise((resolve) => socket.bind(0, `127.1.${i >> 8}.${i & 255}`, resolve));
  await new Promise((resolve) => socket.connect(PORT, "127.0.0.1", resolve));
  const name = `node${String(i).padStart(4, "0")}.cluster.example`;
  hosts.push({
    socket,
    metadata: METRICS.map(([metric, , , type, units]) =>
      Buffer.concat([
        head(128, name, metric),
        ...[type, metric, units].map(text),
        ...[3, 90, 0, 2].map(u32),
        ...["TITLE", metric, "GROUP", "bench"].map(text),
      ]),
    ),
    values: METRICS.map(([metric, id, format]) =>
      Buffer.concat([
        head(id, name, metric),
        text(format),
        id === 133 ? text("0040") : Buffer.alloc(id === 135 ? 8 : 4),
      ]),
    ),
  });
}

let round = 0;
/** The value moves; the octets of the packet are the same otherwise. */
function renew(packet, metric) {
  const value = (round * 7 + metric * 13) % 1000;
  const id = METRICS[metric][1];
  if (id === 134) packet.writeFloatBE(value / 10, packet.length - 4);
  else if (id === 135) packet.writeDoubleBE(value / 10, packet.length - 8);
  else if (id === 133) packet.write(String(value).padStart(4, "0"), packet.length - 4);
  else packet.writeUInt32BE(value, packet.length - 4);
}

/**
 * What goes out next: a gmond sends a whole collection group at once, and hosts
 * and groups come in no order. A group is some of the metrics: first, behind last.
 */
const GROUPS = [
  [0, 6],
  [6, 9],
  [9, 13],
  [13, 17],
  [17, 19],
  [19, 22],
];
const turn = { host: 0, metric: 0, last: 0 };
/** Of mulberry32: the same hosts and groups in each run. */
let state = 1;
function below(limit) {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
}

function sendValue() {
  if (turn.metric === turn.last) {
    turn.host = below(HOSTS);
    [turn.metric, turn.last] = GROUPS[below(GROUPS.length)];
    round++;
  }
  const { socket, values } = hosts[turn.host];
  const packet = values[turn.metric];
  renew(packet, turn.metric);
  turn.metric++;
  socket.send(packet);
}

let told = 0;
function sendMetadata() {
  const { socket, metadata } = hosts[Math.floor(told / METRICS.length) % HOSTS];
  socket.send(metadata[told++ % METRICS.length]);
}

function send(kind, rate, count) {
  const startMs = performance.now();
  const sendNext = kind === "values" ? sendValue : sendMetadata;
  let sent = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(count, Math.floor(((performance.now() - startMs) / 1_000) * rate));
      while (sent < due) {
        sendNext();
        sent++;
      }
      if (sent < count) return;
      clearInterval(timer);
      resolve(sent);
    }, BURST_MS);
  });
}

process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  const [kind, rate, seconds] = line.split(" ");
  const count = kind === "metadata" ? HOSTS * METRICS.length : Number(rate) * Number(seconds);
  process.stdout.write(`done ${await send(kind, Number(rate), count)}\n`);
}
process.exit(0);
