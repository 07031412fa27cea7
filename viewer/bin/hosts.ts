/** `grate hosts`. */
import { EXIT } from "../../core/base/errors.js";
import { Store } from "../pull/store.js";
import { formatHosts } from "../terminal/hosts.js";
import { ask, collectorAddresses, outputOptions, printLines, type TerminalOptions } from "./terminal.js";

export async function hosts(options: TerminalOptions): Promise<number> {
  const addresses = collectorAddresses(options);
  const store = await ask(addresses, async (client, signal) => {
    const store = new Store();
    store.apply(await client.changes(undefined, 0, signal));
    return store;
  });
  printLines(formatHosts(store, outputOptions(options)));
  return EXIT.ok;
}
