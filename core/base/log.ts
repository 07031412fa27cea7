/** Logging: JSON lines to stderr through pino; stdout belongs to data. */
import { type DestinationStream, destination, type Logger, pino } from "pino";
import type { Clock } from "./clock.js";

export type { Logger } from "pino";

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** @param component shown on every line: "collector", "viewer" ... */
export function createLogger(component: string, level: LogLevel, stream?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { component },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream ?? logDestination(2),
  );
}

/** Some thousand lines. What comes after them while the log cannot be written is lost. */
const WAITING_OCTETS_MAX = 2 ** 20;

/** A log that cannot be written, for a full disk mostly, must not end what it tells about. */
export function logDestination(descriptor: number): DestinationStream {
  const stream = destination({ dest: descriptor, sync: true, maxLength: WAITING_OCTETS_MAX });
  // Without a listener the error would be thrown. Each further line tries again what waits.
  stream.on("error", () => {});
  return stream;
}

/** For tests and for embedding: says nothing. */
export const silentLogger: Logger = pino({ level: "silent" });

export interface RateLimitedLog {
  /** Logs at level warn, or only counts if the key was logged less than the interval ago. */
  warn(key: string, fields: Record<string, unknown>, message: string): void;
}

/** Keys remembered; beyond it the oldest is forgotten and may log again early. */
const KEYS_MAX = 1_000;

/**
 * One line for each key and interval, with the count of what was left out: a
 * peer that sends junk a thousand times a second must not fill the disk.
 */
export function rateLimited(logger: Logger, clock: Clock, intervalMs = 60_000): RateLimitedLog {
  const seen = new Map<string, { loggedAtMs: number; suppressed: number }>();
  return {
    warn(key, fields, message) {
      const nowMs = clock.monotonicMs();
      const entry = seen.get(key);
      if (entry !== undefined && nowMs - entry.loggedAtMs < intervalMs) {
        entry.suppressed++;
        return;
      }
      const suppressed = entry?.suppressed ?? 0;
      seen.delete(key);
      seen.set(key, { loggedAtMs: nowMs, suppressed: 0 });
      if (seen.size > KEYS_MAX) seen.delete(seen.keys().next().value as string);
      logger.warn(suppressed > 0 ? { ...fields, suppressed } : fields, message);
    },
  };
}
