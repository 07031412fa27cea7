/** A logger that keeps its lines as objects. */
import { createLogger, type Logger } from "../../../core/base/log.js";

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export function recordingLogger(): { logger: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const logger = createLogger("test", "debug", { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { logger, lines };
}
