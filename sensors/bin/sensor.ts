/** `grate sensor`: measures this machine, prints one reading or serves them as a gmond does. */
import { loadConfiguration } from "../../collector/bin/configuration.js";
import { runService } from "../../collector/bin/service.js";
import { ClusterTable } from "../../collector/table/cluster-table.js";
import { type Address, formatAddress } from "../../core/base/address.js";
import { systemClock } from "../../core/base/clock.js";
import { startAll, stopAll } from "../../core/base/component.js";
import { ConfigError, codeOf, EXIT, GrateError } from "../../core/base/errors.js";
import { createLogger, type LogLevel } from "../../core/base/log.js";
import { ClusterDirectory } from "../../core/model/directory.js";
import type { FrameSink } from "../../core/model/frame.js";
import { DEFAULT_WIDTH } from "../../viewer/terminal/output.js";
import { printable } from "../../viewer/terminal/printable.js";
import { wantsColor } from "../../viewer/terminal/style.js";
import { type SensorConfig, sourcesSchema } from "../config.js";
import { createSource, PROBES } from "../list.js";
import { thisMachine } from "../machine.js";
import { createGmondServer } from "./gmond-server.js";
import { formatOnce, readOnce } from "./once.js";

export interface SensorOptions {
  readonly config?: string;
  readonly listen: Address;
  readonly once?: true;
  readonly json?: true;
  readonly logLevel: LogLevel;
}

/** @returns the exit code, after one reading or once it was told to stop */
export async function sensor(options: SensorOptions): Promise<number> {
  const config = sensorConfig(options.config);
  return options.once ? printOnce(config, options) : serve(config, options);
}

/** The first source of type sensor; without a file, one like that of `grate start`. */
function sensorConfig(file: string | undefined): SensorConfig {
  const sources =
    file === undefined
      ? sourcesSchema.parse([{ name: "self", type: "sensor", cluster: "local" }])
      : loadConfiguration(file).config.sources;
  const found = sources.find((source) => source.type === "sensor");
  if (found !== undefined) return found;
  const message = 'no source of type sensor, expected one such as { name: self, type: sensor, cluster: "servers" }';
  throw new ConfigError([{ file: file ?? "", line: 1, column: 1, message }]);
}

async function printOnce(config: SensorConfig, options: SensorOptions): Promise<number> {
  const roots = { procfs: config.procfs, sysfs: config.sysfs };
  const probes = PROBES.map((create) => create(roots, systemClock));
  const result = await readOnce(probes, systemClock);
  const machine = thisMachine();
  const isTerminal = process.stdout.isTTY === true;
  const lines = formatOnce(
    result,
    { ...machine, hostName: config.host ?? machine.hostName },
    {
      json: options.json === true,
      width: isTerminal ? process.stdout.columns : DEFAULT_WIDTH,
      color: wantsColor(process.env, isTerminal),
    },
  );
  process.stdout.write(`${lines.join("\n")}\n`);
  for (const fault of result.faults) process.stderr.write(`grate: ${printable(fault)}\n`);
  return EXIT.ok;
}

async function serve(config: SensorConfig, options: SensorOptions): Promise<number> {
  const logger = createLogger("sensor", options.logLevel);
  const directory = new ClusterDirectory(config.cluster);
  const table = new ClusterTable(directory);
  let frames = 0;
  const sink: FrameSink = {
    directory: () => directory,
    accept: (frame) => void table.apply(frame, ++frames, systemClock.nowMs()),
    // A probe measures this machine; it knows of no others.
    acceptSums: () => {},
  };
  const server = createGmondServer({ address: options.listen, view: () => table, clock: systemClock, logger });
  // The port first: where it is taken, nothing need be measured.
  const parts = [server, createSource(config, { sink, clock: systemClock, logger })];
  await startAll(parts).catch((error: unknown) => {
    throw refusal(error, options.listen);
  });
  logger.info({ address: formatAddress(options.listen) }, "the sensor serves");
  return runService({ stop: () => stopAll(parts) }, { clock: systemClock, logger, process });
}

/** A taken port is most often a gmond's: the machine is measured already. */
function refusal(error: unknown, listen: Address): unknown {
  if (!(error instanceof GrateError) || codeOf(error.cause) !== "EADDRINUSE") return error;
  const where = formatAddress(listen);
  return new GrateError(
    `cannot listen on ${where}: the port is taken, most likely by a gmond; stop it, or choose another with --listen`,
    { cause: error },
  );
}
