#!/usr/bin/env node
/**
 * The front door: subcommand to composition root. A root is loaded only when its
 * command is given, so that `grate hosts` does not pay for what `grate collector`
 * needs.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { readVersion } from "./collector/bin/version.js";
import { ADDRESS_EXPECTED, type Address, parseAddress } from "./core/base/address.js";
import { ConfigError, codeOf, EXIT, GrateError, messageOf } from "./core/base/errors.js";
import { LOG_LEVELS, type LogLevel } from "./core/base/log.js";

/** Whoever reads our output may stop reading (`grate hosts | head`); that is no error. */
process.stdout.on("error", (error) => {
  if (codeOf(error) === "EPIPE") process.exit(EXIT.ok);
  process.stderr.write(`grate: cannot write the output: ${messageOf(error)}\n`);
  process.exit(EXIT.runtime);
});

const program = new Command("grate")
  .description("Cluster monitoring on top of Ganglia, or alone: triggers, history and a fast web view.")
  .version(readVersion(), "-V, --version", "print the version")
  .helpOption("-h, --help", "print this help")
  .allowExcessArguments(false)
  .exitOverride()
  .configureOutput({
    // One line, whatever was wrong: commander puts its suggestion on a second one.
    outputError: (text, write) =>
      write(
        `grate: ${text
          .trim()
          .replace(/^error: /, "")
          .replaceAll(/\s*\n\s*/g, " ")}\n`,
      ),
  });

const configOption = () => new Option("-c, --config <file>", "the configuration file");
const stateOption = () =>
  new Option("--state <dir>", "where state lives (default: $STATE_DIRECTORY, else $XDG_STATE_HOME/grate)");
const levelOption = (level: LogLevel = "info") =>
  new Option("--log-level <level>", "what to log on stderr").choices(LOG_LEVELS).default(level);
const jsonOption = () => new Option("--json", "print JSON");
const listenOption = (what: string) => new Option("--listen <address>", what).argParser(asAddress);

function asAddress(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new InvalidArgumentError(`Expected ${ADDRESS_EXPECTED}.`);
  return address;
}

function asCount(text: string): number {
  if (!/^\d{1,4}$/.test(text) || Number(text) > 1_000) throw new InvalidArgumentError("Expected a number up to 1000.");
  return Number(text);
}

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

interface ServiceOptions {
  readonly config: string;
  readonly state?: string;
  readonly logLevel: LogLevel;
}

interface TerminalOptions {
  readonly config?: string;
  readonly state?: string;
  readonly query?: Address;
  readonly control?: Address;
  readonly json?: true;
  readonly header: boolean;
}

/** Exit code of the command that ran. */
let exitCode: number = EXIT.ok;
/** The command is a service: when it is over, nothing that is left may keep the process. */
let endsAtOnce = false;

/** @param level logged unless told otherwise */
function service(name: string, description: string, level: LogLevel = "info"): Command {
  return program
    .command(name)
    .description(description)
    .addOption(stateOption())
    .addOption(levelOption(level))
    .hook("preAction", () => {
      endsAtOnce = true;
    });
}

function terminal(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(configOption().conflicts(["query", "control"]))
    .addOption(stateOption())
    .addOption(new Option("--query <address>", "the collector's query port").argParser(asAddress))
    .addOption(new Option("--control <address>", "the collector's control port").argParser(asAddress))
    .addOption(jsonOption())
    .option("--no-header", "print the lines of the table only");
}

service("start", "Run a collector and a viewer for what is found on this machine.", "warn")
  .addOption(configOption())
  .addOption(listenOption("where the viewer serves its pages (default: 127.0.0.1:8660)"))
  .addHelpText(
    "after",
    examples(
      "grate start                            the gmond of this machine, else its own sensor",
      "grate start --listen 0.0.0.0:8660      let others see the pages",
      "grate start -c /etc/grate/grate.yaml   both processes of your own configuration",
    ),
  )
  .action(async (options: Partial<ServiceOptions> & { listen?: Address; logLevel: LogLevel }) => {
    const { start } = await import("./collector/bin/start.js");
    exitCode = await start({ ...options, program: process.argv[1] as string });
  });

service("collector", "Gather from all sources, keep history, judge triggers, serve XML.")
  .addOption(configOption().makeOptionMandatory())
  .addHelpText(
    "after",
    examples(
      "grate collector -c /etc/grate/grate.yaml",
      "grate collector -c grate.yaml --state /var/lib/grate --log-level debug",
      "kill -HUP PID                          read the configuration anew",
    ),
  )
  .action(async (options: ServiceOptions) => {
    const { collector } = await import("./collector/bin/collector.js");
    exitCode = await collector(options);
  });

service("viewer", "Serve web pages of what a collector knows.")
  .addOption(configOption().makeOptionMandatory())
  .addOption(listenOption("where to serve, in place of viewer.listen"))
  .addHelpText(
    "after",
    examples("grate viewer -c /etc/grate/grate.yaml", "grate viewer -c grate.yaml --listen 0.0.0.0:8660"),
  )
  .action(async (options: ServiceOptions & { listen?: Address }) => {
    const { viewer } = await import("./viewer/bin/viewer.js");
    exitCode = await viewer(options);
  });

program
  .command("sensor")
  .description("Measure this machine and serve the values as a gmond does.")
  .addOption(configOption())
  .addOption(listenOption("where to serve").default({ host: "127.0.0.1", port: 8649 }, "127.0.0.1:8649"))
  .addOption(new Option("--once", "print one reading and end"))
  .addOption(jsonOption().implies({ once: true }))
  .addOption(levelOption())
  .addHelpText(
    "after",
    examples(
      "grate sensor                           serve on 127.0.0.1:8649 until stopped",
      "grate sensor --once                    print what this machine reports",
      "grate sensor -c grate.yaml --listen 10.0.0.7:8649",
    ),
  )
  .action(async (options: { config?: string; listen: Address; once?: true; json?: true; logLevel: LogLevel }) => {
    endsAtOnce = options.once === undefined;
    const { sensor } = await import("./sensors/bin/sensor.js");
    exitCode = await sensor(options);
  });

program
  .command("check")
  .description("Look a configuration over and tell every fault, with its place.")
  .argument("[file]", "the configuration file")
  .addOption(new Option("--print", "print the configuration in force: all files, defaults filled in, no secrets"))
  .addOption(new Option("--json-schema", "print the JSON schema, for editors").conflicts("print"))
  .addHelpText(
    "after",
    examples(
      "grate check /etc/grate/grate.yaml",
      "grate check --print grate.yaml",
      "grate check --json-schema > grate.schema.json",
    ),
  )
  .action(async (file: string | undefined, options: { print?: true; jsonSchema?: true }) => {
    const { check } = await import("./collector/bin/check.js");
    exitCode = check(file, options);
  });

terminal("hosts", "List hosts with their load, CPU and memory.")
  .addHelpText(
    "after",
    examples(
      "grate hosts",
      "grate hosts -c /etc/grate/grate.yaml --no-header",
      "grate hosts --query 10.0.0.1:8662 --json",
    ),
  )
  .action(async (options: TerminalOptions) => {
    const { hosts } = await import("./viewer/bin/hosts.js");
    exitCode = await hosts(options);
  });

terminal("alerts", "List what is not fine, and what happened lately.")
  .addOption(new Option("--events <count>", "newest events to print besides").argParser(asCount).default(0))
  .addHelpText(
    "after",
    examples("grate alerts", "grate alerts --events 20", "grate alerts --json --query 10.0.0.1:8662"),
  )
  .action(async (options: TerminalOptions & { events: number }) => {
    const { alerts } = await import("./viewer/bin/alerts.js");
    exitCode = await alerts(options);
  });

terminal("status", "Print how the collector is: its sources, clusters and stores.")
  .addHelpText(
    "after",
    examples("grate status", "grate status --state /var/lib/grate --json", "grate status --query 10.0.0.1:8662"),
  )
  .action(async (options: TerminalOptions) => {
    const { status } = await import("./viewer/bin/status.js");
    exitCode = await status(options);
  });

program
  .command("backup")
  .description("Copy history, frames and the journal of the triggers into a directory, also while the collector works.")
  .addOption(configOption().makeOptionMandatory())
  .addOption(stateOption())
  .requiredOption("--to <path>", "the directory to make")
  .option("--force", "replace what is there")
  .addHelpText(
    "after",
    examples(
      "grate backup -c /etc/grate/grate.yaml --to /backup/grate-monday",
      "grate backup -c grate.yaml --state /var/lib/grate --to /backup/grate --force",
      "grate restore --from /backup/grate --dry-run     look the backup over",
    ),
  )
  .action(async (options: { config: string; state?: string; to: string; force?: true }) => {
    const { backup } = await import("./storage/bin/backup.js");
    exitCode = await backup(options);
  });

program
  .command("restore")
  .description("Put a backup in the place of what a state directory has; that is kept under another name.")
  .addOption(configOption())
  .addOption(stateOption())
  .requiredOption("--from <path>", "a directory that grate backup has made")
  .option("--dry-run", "look the backup over and say what would be done")
  .addHelpText(
    "after",
    examples(
      "grate restore --from /backup/grate --state /var/lib/grate",
      "grate restore --from /backup/grate --dry-run",
      "grate restore -c grate.yaml --from /backup/grate     where the history has a name of its own",
    ),
  )
  .action(async (options: { config?: string; state?: string; from: string; dryRun?: true }) => {
    const { restore } = await import("./storage/bin/restore.js");
    exitCode = await restore(options);
  });

program
  .command("rrd")
  .description("Create, update and read RRD files, as rrdtool does.")
  .argument("[words...]", "a command of rrdtool with its arguments, or - to read commands")
  // All options are the command's own, -h too.
  .helpOption(false)
  .allowUnknownOption()
  .action(async (words: string[]) => {
    const { rrd } = await import("./storage/bin/rrd.js");
    exitCode = await rrd(words);
  });

try {
  await program.parseAsync();
} catch (error) {
  exitCode = exitCodeOf(error);
}
if (endsAtOnce) process.exit(exitCode);
// Set and not called: what was written to a pipe is still on its way.
process.exitCode = exitCode;

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) {
    // Help that was asked for is no error.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  if (error instanceof GrateError) {
    // A fault of a file begins with its place, as compilers say it, so that editors can jump there.
    process.stderr.write(error instanceof ConfigError ? `${error.message}\n` : `grate: ${error.message}\n`);
    return error.exitCode;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`grate: this is a bug, please report it with the lines below\n${text}\n`);
  return EXIT.runtime;
}
