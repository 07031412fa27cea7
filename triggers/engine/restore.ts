/**
 * A start without a whole journal goes on from what the store was told. The journal is
 * the first source, because everything is in it before the store hears of it; the
 * store is the second, and taken only where it is seen to know more:
 *
 *   the journal has no entry at all (deleted, empty)   the store, whatever it has
 *   the store's newest event is newer                  the store, if part of the journal is known
 *                                                      to be lost or both tell the same story
 *   both end with the same event, part of the journal  the one that judged later
 *   is known to be lost
 *   otherwise                                          the journal
 *
 * Nothing is mixed: what is taken is taken whole.
 */
import type { StateKey, StateRow } from "../../core/model/kept-state.js";
import type { Book } from "./book.js";
import type { EventSink, StateKeeper } from "./event-feed.js";
import { entryOf } from "./kept-rows.js";

/** Rows read at a time. */
const ROWS_MAX = 2_000;

export interface Restored {
  readonly pending: number;
  readonly firing: number;
  /** Rows that said nothing. */
  readonly malformed: number;
}

/**
 * Brings the book to the newest state that is known, before it begins.
 * @returns undefined where the journal stands
 * @throws what the store throws
 */
export async function restoreFrom(sink: EventSink, book: Book): Promise<Restored | undefined> {
  const sequence = (await sink.lastSequence?.()) ?? 0;
  const { states } = sink;
  const restored = states === undefined ? undefined : await restoreStates(states, sequence, book);
  book.numberAfter(sequence);
  return restored;
}

async function restoreStates(states: StateKeeper, sequence: number, book: Book): Promise<Restored | undefined> {
  const { ledger, replayed, damaged } = book;
  const isLost = replayed === 0 || damaged;
  if (!isLost && !(sequence > ledger.sequence && (await tellTheSame(states, book)))) return undefined;
  const rows = await readAll(states);
  const isNewer =
    replayed === 0 || sequence > ledger.sequence || (sequence === ledger.sequence && judgedLater(rows, book));
  if (!isNewer || (replayed === 0 && rows.length === 0)) return undefined;
  const entries = inOrder(rows)
    .map(entryOf)
    .filter((entry) => entry !== undefined);
  const malformed = rows.length - entries.length + book.replace(entries);
  const count = (kind: StateRow["kind"]) => rows.filter((row) => row.kind === kind).length;
  return { pending: count("pending"), firing: count("firing"), malformed };
}

/** Nobody reads of a recovery before the problem: notices go out in the order in which they were made. */
function inOrder(rows: readonly StateRow[]): StateRow[] {
  const notices = rows.filter(({ kind }) => kind === "notice");
  const others = rows.filter(({ kind }) => kind !== "notice");
  // The first one ends in -fired-<receiver>, those after it in -resolved, -expired and so on.
  const isFirst = ({ task }: StateRow) => Number(task.includes("-fired-"));
  return [...others, ...notices.sort((a, b) => a.timeMs - b.timeMs || isFirst(b) - isFirst(a))];
}

/** A history of another installation may have come here with its file; its alerts are none of ours. */
async function tellTheSame(states: StateKeeper, { ledger }: Book): Promise<boolean> {
  const [newest] = ledger.events.newest(1);
  if (newest === undefined) return false;
  const kept = await states.event(newest.sequence);
  return kept?.timeMs === newest.timeMs && kept.message === newest.message;
}

/** Alerts that are pending come and go without an event. */
function judgedLater(rows: readonly StateRow[], { ledger }: Book): boolean {
  return rows.some(({ kind, cluster, timeMs }) => kind === "judged" && timeMs > (ledger.times.get(cluster) ?? 0));
}

async function readAll(states: StateKeeper): Promise<StateRow[]> {
  const rows: StateRow[] = [];
  for (let after: StateKey | undefined; ; after = rows.at(-1)) {
    const page = await states.read({ limit: ROWS_MAX, after });
    rows.push(...page);
    if (page.length < ROWS_MAX) return rows;
  }
}
