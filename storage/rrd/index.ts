/** The engine for users of the package; inside the project import the files. */
export { ReplacedError, RrdFleet } from "./bulk/fleet.js";
export type { Command, CommandContext } from "./commands/command.js";
export { type FetchedRows, fetchRows } from "./commands/fetch-rows.js";
export { COMMANDS } from "./commands/list.js";
export { LINE_LENGTH_MAX, type PipeOptions, type PipeTimes, RrdPipe } from "./commands/pipe.js";
export { lastUpdateS, liveView } from "./commands/times.js";
export { createRrdFile, type RandomInteger } from "./file/create-file.js";
export { RrdFile, withRrdFile } from "./file/rrd-file.js";
export * from "./format/definition.js";
export { RrdError } from "./rrd-error.js";
