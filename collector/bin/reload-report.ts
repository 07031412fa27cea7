/**
 * How the last reading of the configuration ended, for `grate status`, /readyz and /metrics: a refused file, and a
 * change that waits for a restart, must not be seen in the log alone. Neither makes the collector unready: it works,
 * by the configuration in force.
 */
import type { MetricFamily } from "../serve/prometheus.js";

export class ReloadReport {
  #refused: { readonly atMs: number; readonly reason: string } | undefined;
  #waiting: readonly string[] = [];

  /** The file was refused; what was said of a restart before still holds. */
  refused(reason: string, nowMs: number): void {
    this.#refused = { atMs: nowMs, reason };
  }

  /** @param waiting keys whose change is taken over by a restart only */
  taken(waiting: readonly string[]): void {
    this.#refused = undefined;
    this.#waiting = waiting;
  }

  /** One line each; empty while the file as it was last read is in force. */
  messages(): string[] {
    const messages: string[] = [];
    if (this.#refused !== undefined) {
      const { atMs, reason } = this.#refused;
      const time = new Date(atMs).toISOString().slice(0, 16).replace("T", " ");
      messages.push(`configuration: refused at ${time} UTC, the one before stays in force: ${reason}`);
    }
    if (this.#waiting.length > 0) {
      messages.push(`configuration: the change of ${this.#waiting.join(", ")} needs a restart`);
    }
    return messages;
  }

  families(): MetricFamily[] {
    const one = (name: string, help: string, value: number): MetricFamily => ({
      name,
      type: "gauge",
      help,
      samples: [{ value }],
    });
    return [
      one(
        "config_reload_failed",
        "1 while the configuration read last was refused and an older one is in force.",
        this.#refused === undefined ? 0 : 1,
      ),
      one(
        "config_reload_failed_time_seconds",
        "When it was refused, epoch; 0 = it was not.",
        (this.#refused?.atMs ?? 0) / 1_000,
      ),
      one(
        "config_restart_needed",
        "Keys of the configuration whose change is taken over by a restart only.",
        this.#waiting.length,
      ),
    ];
  }
}
