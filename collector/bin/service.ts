/**
 * How every process of ours lives: it runs until it is told to stop, stops within
 * five seconds, and reads its configuration anew when asked to.
 */
import type { Clock } from "../../core/base/clock.js";
import { EXIT, messageOf } from "../../core/base/errors.js";
import type { Logger } from "../../core/base/log.js";
import { READY_MESSAGE } from "./supervisor.js";

export interface Service {
  /** Idempotent; never rejects. */
  stop(): Promise<void>;
  /** Absent: there is nothing to read anew. Never rejects. */
  reload?(): Promise<void>;
}

/** A terminal and npm may both hand on one Ctrl-C: what comes this soon is the same request. */
const SAME_REQUEST_MS = 1_000;

/** The promise is five seconds; what is left over is for the exit itself. */
const STOP_LIMIT_MS = 4_800;

export interface ServiceContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly process: NodeJS.Process;
  /** Aborted when the service ends by itself. */
  readonly ended?: AbortSignal;
}

/**
 * Resolves with the exit code once the service was told to stop and has stopped.
 * A second request to stop, more than a second later, and a stop that takes too long end the process at once.
 */
export function runService(service: Service, context: ServiceContext): Promise<number> {
  const { clock, logger, process, ended } = context;
  return new Promise((resolve) => {
    let stopping = false;
    let stoppingSinceMs = 0;
    const stop = (reason: string) => {
      if (stopping) {
        if (clock.monotonicMs() - stoppingSinceMs < SAME_REQUEST_MS) return;
        logger.warn({ reason }, "asked to stop a second time, ending at once");
        process.exit(EXIT.runtime);
      }
      stopping = true;
      stoppingSinceMs = clock.monotonicMs();
      logger.info({ reason }, "stopping");
      const limit = clock.setTimer(() => {
        logger.error({ limitMs: STOP_LIMIT_MS }, "stopping took too long, ending now");
        process.exit(EXIT.runtime);
      }, STOP_LIMIT_MS);
      void stopped(service, logger).then((code) => {
        limit.cancel();
        resolve(code);
      });
    };
    process.on("SIGTERM", () => stop("SIGTERM"));
    process.on("SIGINT", () => {
      // Ctrl-C reaches our children too; they are told by us, once.
      if (!process.channel) stop("SIGINT");
    });
    if (process.channel) {
      // `grate start` holds a channel to its children; it breaks when the parent is gone, however it went.
      process.on("disconnect", () => stopping || stop("the parent is gone"));
      process.send?.(READY_MESSAGE);
    }
    ended?.addEventListener("abort", () => stopping || stop("ended"));
    let reloading: Promise<void> = Promise.resolve();
    process.on("SIGHUP", () => {
      if (stopping) return;
      if (service.reload === undefined) logger.info("nothing to reload");
      // One at a time: two quick signals must not build two sets of sources.
      else reloading = reloading.then(() => (stopping ? undefined : service.reload?.()));
    });
  });
}

/** Never rejects. */
async function stopped(service: Service, logger: Logger): Promise<number> {
  try {
    await service.stop();
    logger.info("stopped");
    return EXIT.ok;
  } catch (error) {
    logger.error({ err: error }, `stopping failed: ${messageOf(error)}`);
    return EXIT.runtime;
  }
}
