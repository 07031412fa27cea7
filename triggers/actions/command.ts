/** A command that is to run, or is running, because an alert began to fire. */
import type { Severity } from "../../core/model/alert.js";

export interface CommandOrder {
  /** Unique for ever: a command runs once for an episode. */
  readonly id: string;
  /** Name in the configuration. */
  readonly command: string;
  readonly trigger: string;
  readonly cluster: string;
  readonly host: string;
  readonly severity: Severity;
  readonly episode: string;
  /** What the condition saw when it fired. */
  readonly evidence: string;
}

export function orderId(episode: string, command: string): string {
  return `${episode}/${command}`;
}
