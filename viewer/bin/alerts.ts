/** `grate alerts`. */
import { systemClock } from "../../core/base/clock.js";
import { EXIT } from "../../core/base/errors.js";
import { formatAlerts } from "../terminal/alerts.js";
import { ask, collectorAddresses, outputOptions, printLines, type TerminalOptions } from "./terminal.js";

export async function alerts(options: TerminalOptions & { readonly events: number }): Promise<number> {
  const addresses = collectorAddresses(options);
  const result = await ask(addresses, (client, signal) => client.alerts(options.events, undefined, signal));
  printLines(formatAlerts(result, systemClock.nowMs(), outputOptions(options)));
  return EXIT.ok;
}
