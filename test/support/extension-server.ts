/** A query port over a made present, with everything behind it that a collector has but an archive. */

import { Documents } from "../../collector/serve/documents.js";
import { ExtensionAnswers, type ExtensionOptions } from "../../collector/serve/extension-answers.js";
import { GangliaAnswers } from "../../collector/serve/ganglia-answers.js";
import { createQueryServer } from "../../collector/serve/query-server.js";
import { StatusReporter } from "../../collector/serve/status-reporter.js";
import { silentLogger } from "../../core/base/log.js";
import { MadePresent, madeHistory } from "./made-present.js";
import { VirtualClock } from "./virtual-clock.js";

export const SERVER_NOW_MS = 1_795_291_200_000;

export function makeExtension(options: Partial<ExtensionOptions> = {}) {
  const clock = new VirtualClock(SERVER_NOW_MS);
  const present = new MadePresent();
  const ganglia = new GangliaAnswers(present, { name: "grid", authority: "http://grid/" }, clock);
  const health = () => ({ ready: true, messages: [], counters: {} });
  const self = { version: "1.2.3", sources: () => [], health, families: () => [] };
  const extension = new ExtensionAnswers({
    present,
    history: madeHistory(),
    ganglia,
    alerts: { alerts: () => [], events: () => [] },
    reporter: new StatusReporter(present, self, clock),
    clock,
    logger: silentLogger,
    ...options,
  });
  /** The document for a line, without a socket between. */
  const answer = async (line: string) => {
    const given = await extension.answer(line, new AbortController().signal);
    return { error: given.error, text: [...given.build()].join("") };
  };
  return { clock, present, ganglia, extension, answer };
}

/** The same behind a port of its own. */
export async function startExtensionServer() {
  const made = makeExtension();
  const server = createQueryServer({
    address: { host: "127.0.0.1", port: 0 },
    access: { allows: () => true },
    ganglia: made.ganglia,
    extension: made.extension,
    documents: new Documents(made.clock),
    clock: made.clock,
    logger: silentLogger,
  });
  await server.start();
  return { ...made, port: server.port, stop: () => server.stop() };
}
