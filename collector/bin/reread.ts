/** Reading the configuration anew while a service runs: a bad file is refused, and what is in force stays. */
import { ConfigError, messageOf } from "../../core/base/errors.js";
import type { Logger } from "../../core/base/log.js";
import { type Configuration, loadConfiguration } from "./configuration.js";

/**
 * @param onRefused told why in one line
 * @returns undefined where the file has faults, which are logged one by one
 */
export function rereadConfiguration(
  file: string,
  logger: Logger,
  load: (file: string) => { readonly config: Configuration } = loadConfiguration,
  onRefused: (reason: string) => void = () => {},
): Configuration | undefined {
  try {
    return load(file).config;
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const fault of error.faults) {
        const at = `${fault.file}:${fault.line}:${fault.column}`;
        logger.error({ at }, `configuration refused: ${at}: ${fault.message}`);
      }
      onRefused(firstOf(error));
    } else {
      logger.error({ file }, `configuration refused: ${messageOf(error)}`);
      onRefused(messageOf(error));
    }
    logger.error({ file }, "the configuration in force stays");
    return undefined;
  }
}

function firstOf({ faults }: ConfigError): string {
  const [fault] = faults;
  if (fault === undefined) return "no reason is given";
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : "";
  return `${fault.file}:${fault.line}:${fault.column}: ${fault.message}${more}`;
}

/** @returns the keys whose values differ; values are compared as JSON tells them */
export function changedKeys<T extends object>(before: T, after: T, keys: readonly (keyof T & string)[]): string[] {
  return keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
}
