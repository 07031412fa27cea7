/** `grate check`: is the configuration good, and what does it come to? */
import { systemClock } from "../../core/base/clock.js";
import { effectiveYaml } from "../../core/base/config/effective.js";
import { ConfigError, EXIT, UsageError } from "../../core/base/errors.js";
import { type Configuration, configurationJsonSchema, loadConfiguration } from "./configuration.js";
import { checkTlsFiles } from "./tls-check.js";

export interface CheckOptions {
  readonly print?: true;
  readonly jsonSchema?: true;
}

/** @throws ConfigError with every fault; the front door prints them */
export function check(file: string | undefined, options: CheckOptions): number {
  if (options.jsonSchema) {
    process.stdout.write(`${JSON.stringify(configurationJsonSchema(), null, 2)}\n`);
    return EXIT.ok;
  }
  if (file === undefined) throw new UsageError("check: no file is named, expected grate check FILE");
  const loaded = loadConfiguration(file);
  const { config, written } = loaded;
  const { faults, warnings } = checkTlsFiles(loaded, systemClock.nowMs());
  for (const { file, line, column, message } of warnings) {
    process.stderr.write(`${file}:${line}:${column}: warning: ${message}\n`);
  }
  if (faults.length > 0) throw new ConfigError(faults);
  process.stdout.write(
    options.print ? effectiveYaml(written, config, configurationJsonSchema()) : `${file}: good: ${countsOf(config)}\n`,
  );
  return EXIT.ok;
}

function countsOf(config: Configuration): string {
  return [
    count(config.sources.length, "source"),
    count(config.triggers.length, "trigger"),
    count(Object.keys(config.receivers).length, "receiver"),
    count(Object.keys(config.commands).length, "command"),
  ].join(", ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
