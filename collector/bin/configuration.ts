/**
 * The whole configuration file: every tier's part in one schema, and what holds
 * between parts. Everyone who reads the file reads all of it, so that a file that
 * is good for one command is good for all.
 */
import { dirname, resolve } from "node:path";
import { z } from "zod";
import type { Address } from "../../core/base/address.js";
import { type JsonSchema, jsonSchemaOf } from "../../core/base/config/json-schema.js";
import { type LoadedConfig, type LoadOptions, loadConfigFiles } from "../../core/base/config/load.js";
import { withTlsFilesIn } from "../../core/base/config/tls.js";
import { ConfigError } from "../../core/base/errors.js";
import type { TlsPaths } from "../../core/base/tls-files.js";
import { sourcesSchema, withFilesIn } from "../../sensors/config.js";
import { storageSchema } from "../../storage/config.js";
import {
  commandsSchema,
  receiversSchema,
  relationFaults,
  triggerFilesSchema,
  triggersSchema,
} from "../../triggers/config.js";
import { viewerSchema } from "../../viewer/config.js";
import { collectorShape } from "../config.js";
import { ownAddresses, ownPortFaults } from "./own-ports.js";

export const configurationSchema = z
  .strictObject({
    sources: sourcesSchema.default([]),
    ...collectorShape,
    storage: storageSchema,
    receivers: receiversSchema,
    commands: commandsSchema,
    triggers: triggersSchema,
    "trigger-files": triggerFilesSchema,
    viewer: viewerSchema,
  })
  .superRefine((config, context) => {
    for (const { path, message } of [...relationFaults(config), ...ownPortFaults(config, ownAddresses())])
      context.addIssue({ code: "custom", path: [...path], message });
  })
  .meta({ title: "Grate", description: "Configuration of grate; durations as 15s, 10m, 1h30m" });

export type Configuration = z.output<typeof configurationSchema>;

/** @throws ConfigError with every fault and its place */
export function loadConfiguration(file: string, options?: LoadOptions): LoadedConfig<Configuration> {
  const loaded = loadConfigFiles(file, configurationSchema, options);
  const config = withCollectorAddresses(loaded);
  return { ...loaded, config: withAbsolutePaths(config, dirname(resolve(file))) };
}

/**
 * For a collector, which has nothing to do without a source. A file that was found empty while it was being
 * written would otherwise take every alert and every waiting notice with it.
 * @throws ConfigError with every fault and its place
 */
export function loadCollectorConfiguration(file: string, options?: LoadOptions): LoadedConfig<Configuration> {
  const loaded = loadConfiguration(file, options);
  if (loaded.config.sources.length > 0) return loaded;
  const message = '"sources" is empty or missing, expected at least one source to collect from';
  throw new ConfigError([{ file, line: 1, column: 1, message }]);
}

export function configurationJsonSchema(): JsonSchema {
  return jsonSchemaOf(configurationSchema);
}

/** Certificates stand beside the file that names them, wherever the command was called. */
function withAbsolutePaths(config: Configuration, directory: string): Configuration {
  const inPlace = <T extends { readonly tls?: TlsPaths | undefined }>(part: T): T =>
    part.tls === undefined ? part : Object.freeze({ ...part, tls: withTlsFilesIn(part.tls, directory) });
  const sources = withFilesIn(config.sources, directory);
  return Object.freeze({ ...config, sources, serve: inPlace(config.serve), viewer: inPlace(config.viewer) });
}

/** A file that says where the collector serves need not say again where the viewer finds it. */
function withCollectorAddresses({ config, written }: LoadedConfig<Configuration>): Configuration {
  const said = (written as { viewer?: Readonly<Record<string, unknown>> }).viewer ?? {};
  const viewer = {
    ...config.viewer,
    collector: said["collector"] === undefined ? reachable(config.serve.query) : config.viewer.collector,
    control: said["control"] === undefined ? reachable(config.serve.control) : config.viewer.control,
  };
  return Object.freeze({ ...config, viewer: Object.freeze(viewer) });
}

/** Who listens on all addresses is found on the loopback. */
function reachable(address: Address): Address {
  if (address.host === "0.0.0.0") return { ...address, host: "127.0.0.1" };
  return address.host === "::" ? { ...address, host: "::1" } : address;
}
