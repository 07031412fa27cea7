/**
 * The ledger as rows for a store: an entry of the journal each, under a key, so that
 * a row can be set anew and taken away.
 */
import type { StateKey, StateRow } from "../../core/model/kept-state.js";
import type { Entry } from "./entries.js";
import type { Ledger, Pair } from "./ledger.js";
import { alertKey, commandKey, isJudgedKey, judgedKey, noticeKey } from "./state-keys.js";

/** Of everything that the ledger knows but events. */
export function* allKeys(ledger: Ledger): Generator<StateKey> {
  for (const cluster of ledger.times.keys()) yield judgedKey(cluster);
  for (const { cluster, trigger, host } of ledger.allPairs()) yield alertKey(cluster, trigger, host);
  for (const notice of ledger.notices.values()) yield noticeKey(notice);
  for (const { order } of ledger.commands.values()) yield commandKey(order);
}

/** @returns undefined where there is nothing of the key any more */
export function rowOf(ledger: Ledger, key: StateKey): StateRow | undefined {
  const { cluster, trigger, host, task } = key;
  if (isJudgedKey(key)) {
    const timeMs = ledger.times.get(cluster);
    return timeMs === undefined ? undefined : row(key, "judged", timeMs, { k: "time", cluster, timeMs });
  }
  if (task === "") {
    const pair = ledger.pairs(cluster, trigger).get(host);
    return pair === undefined ? undefined : alertRow(key, pair);
  }
  const notice = ledger.notices.get(task);
  if (notice !== undefined) return row(key, "notice", notice.createdMs, { k: "notice", notice });
  const command = ledger.commands.get(task);
  return command && row(key, "command", 0, { k: "command", ...command });
}

/** @returns undefined where the text says nothing */
export function entryOf({ json }: StateRow): Entry | undefined {
  try {
    const value: unknown = JSON.parse(json);
    const known = typeof value === "object" && value !== null && "k" in value && typeof value.k === "string";
    return known ? (value as Entry) : undefined;
  } catch {
    return undefined;
  }
}

function alertRow(key: StateKey, pair: Pair): StateRow {
  const { cluster, trigger, host } = key;
  if (pair.state === "firing") {
    const { episode, told } = pair;
    return row(key, "firing", episode.activeAtMs, { k: "fired", episode, told: [...told] });
  }
  const { condition, activeAtMs } = pair;
  return row(key, "pending", activeAtMs, { k: "pending", trigger, cluster, condition, activeAtMs, hosts: [host] });
}

function row(key: StateKey, kind: StateRow["kind"], timeMs: number, entry: Entry): StateRow {
  const { cluster, trigger, host, task } = key;
  return { cluster, trigger, host, task, kind, timeMs, json: JSON.stringify(entry) };
}
