/** `grate status`: asks the control port where its token can be read, else the query port. */
import { join } from "node:path";
import { readToken, TOKEN_FILE } from "../../collector/serve/token.js";
import { systemClock } from "../../core/base/clock.js";
import { codeOf, EXIT, messageOf } from "../../core/base/errors.js";
import { stateDirPath } from "../../core/base/state-dir.js";
import { formatRequest, readStatus } from "../../core/wire/extension/index.js";
import { MalformedAnswer } from "../pull/client.js";
import { askLine } from "../pull/line-client.js";
import { type CollectorReport, ControlUnavailable, readStatusOf } from "../terminal/control-client.js";
import { printable } from "../terminal/printable.js";
import { formatStatus } from "../terminal/status.js";
import {
  ask,
  type CollectorAddresses,
  collectorAddresses,
  outputOptions,
  printLines,
  type TerminalOptions,
} from "./terminal.js";

const QUERY_LIMIT_MS = 10_000;

export async function status(options: TerminalOptions): Promise<number> {
  const addresses = collectorAddresses(options);
  const token = await tokenOf(options);
  const report = (token === undefined ? undefined : await byControl(addresses, token)) ?? (await byQuery(addresses));
  printLines(formatStatus(report, outputOptions(options)));
  return EXIT.ok;
}

/** @returns undefined where there is none for us: another user's collector, another machine's */
async function tokenOf(options: TerminalOptions): Promise<string | undefined> {
  try {
    return await readToken(join(stateDirPath(options.state, process.env), TOKEN_FILE));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    // Somebody who names the directory wants to know why it is of no use.
    if (options.state !== undefined) process.stderr.write(`grate: ${printable(messageOf(error))}\n`);
    return undefined;
  }
}

async function byControl(addresses: CollectorAddresses, token: string): Promise<CollectorReport | undefined> {
  try {
    return await readStatusOf(addresses.control, token, systemClock);
  } catch (error) {
    if (error instanceof ControlUnavailable) return undefined;
    throw error;
  }
}

/** The query port tells everybody, but not where the state lies nor what is wrong with it. */
function byQuery(addresses: CollectorAddresses): Promise<CollectorReport> {
  return ask(addresses, async (_, signal) => {
    const { query, tls } = addresses;
    const options = { address: query, clock: systemClock, tls, totalLimitMs: QUERY_LIMIT_MS, signal };
    const document = await askLine(formatRequest({ verb: "status" }), options);
    try {
      const { version, startedMs, uptimeMs, frame, sources, clusters, sums } = readStatus(document);
      const told = { sources: [...sources], clusters: [...clusters], ...(sums && { sums: [...sums] }) };
      return { version, startedMs, uptimeMs, frame, ...told };
    } catch (error) {
      throw new MalformedAnswer(messageOf(error), { cause: error });
    }
  });
}
