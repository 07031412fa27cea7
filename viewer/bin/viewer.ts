/** `grate viewer`: web pages of what a collector knows. */
import { fileURLToPath } from "node:url";
import { loadConfiguration } from "../../collector/bin/configuration.js";
import { changedKeys, rereadConfiguration } from "../../collector/bin/reread.js";
import { runService } from "../../collector/bin/service.js";
import type { Address } from "../../core/base/address.js";
import { systemClock } from "../../core/base/clock.js";
import { createLogger, type LogLevel } from "../../core/base/log.js";
import type { ViewerConfig } from "../config.js";
import { Viewer } from "../server.js";

export interface ViewerOptions {
  readonly config: string;
  readonly listen?: Address;
  readonly logLevel: LogLevel;
}

/** What `vite build` writes, seen from dist/viewer/bin. */
const PUBLIC_DIR = fileURLToPath(new URL("../public/", import.meta.url));

const SETTINGS: readonly (keyof ViewerConfig)[] = ["listen", "collector", "control", "tls", "names"];

/** @returns the exit code, once it was told to stop */
export async function viewer(options: ViewerOptions): Promise<number> {
  const { config } = loadConfiguration(options.config);
  const logger = createLogger("viewer", options.logLevel);
  const own = options.listen === undefined ? config.viewer : { ...config.viewer, listen: options.listen };
  const server = new Viewer(own, { clock: systemClock, logger, publicDir: PUBLIC_DIR });
  await server.start();
  const service = {
    stop: () => server.stop(),
    async reload() {
      const next = rereadConfiguration(options.config, logger);
      if (next === undefined) return;
      const keys = changedKeys(config.viewer, next.viewer, SETTINGS).map((key) => `viewer.${key}`);
      if (keys.length === 0) logger.info("configuration read anew, nothing changed for the viewer");
      else logger.warn({ keys }, `configuration read anew; ${keys.join(", ")} needs a restart`);
    },
  };
  return runService(service, { clock: systemClock, logger, process });
}
