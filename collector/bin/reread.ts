/** Reading the configuration anew while a service runs: a bad file is refused, and what is in force stays. */
import { ConfigError, messageOf } from "../../core/base/errors.js";
import type { Logger } from "../../core/base/log.js";
import { type Configuration, loadConfiguration } from "./configuration.js";

/** @returns undefined where the file has faults, which are logged one by one */
export function rereadConfiguration(
  file: string,
  logger: Logger,
  load: (file: string) => { readonly config: Configuration } = loadConfiguration,
): Configuration | undefined {
  try {
    return load(file).config;
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const fault of error.faults) {
        const at = `${fault.file}:${fault.line}:${fault.column}`;
        logger.error({ at }, `configuration refused: ${at}: ${fault.message}`);
      }
    } else {
      logger.error({ file }, `configuration refused: ${messageOf(error)}`);
    }
    logger.error({ file }, "the configuration in force stays");
    return undefined;
  }
}

/** @returns the keys whose values differ; values are compared as JSON tells them */
export function changedKeys<T extends object>(before: T, after: T, keys: readonly (keyof T & string)[]): string[] {
  return keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
}
