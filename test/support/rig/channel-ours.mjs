/**
 * Our listener by itself, as built: from the socket to the table of the present.
 * Arguments: the folder of the build, and the source as the schema gives it, in
 * JSON. Each line on stdin is answered with what it has counted.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [dist, sourceText] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(dist, path)).href);
const { systemClock } = await load("core/base/clock.js");
const { createLogger } = await load("core/base/log.js");
const { ClusterDirectory } = await load("core/model/directory.js");
const { ClusterTable } = await load("collector/table/cluster-table.js");
const { GangliaChannelListener } = await load("sensors/ganglia/channel-listener.js");

const config = JSON.parse(sourceText);
const directory = new ClusterDirectory(config.cluster);
const table = new ClusterTable(directory);
let frames = 0;
let cells = 0;
const sink = {
  directory: () => directory,
  accept: (frame) => {
    cells += table.apply(frame, ++frames);
  },
  acceptSums: () => {},
};
const listener = new GangliaChannelListener(config, {
  sink,
  clock: systemClock,
  logger: createLogger("listener", "warn"),
});
try {
  await listener.start();
} catch (error) {
  process.stdout.write(`refused ${error.message}\n`);
  process.exit(1);
}
process.stdout.write("ready\n");
process.on("SIGTERM", () => process.exit(0));
process.stdin.on("data", () => {
  const metrics = Array.from({ length: directory.columnCount }, (_, i) => directory.columnFacts(i).name);
  const hosts = Array.from({ length: directory.rowCount }, (_, i) => directory.host(i)?.name);
  const told = { ...listener.counters(), cells, metrics, hosts, health: listener.health() };
  process.stdout.write(`told ${JSON.stringify(told)}\n`);
});
