/**
 * What the trigger engine leaves with a store, so that another start can go on from
 * it: a row for each thing that is not over. A store keeps rows and does not look
 * into them.
 */

/**
 * Names a row. Of an alert: trigger, cluster and host, task "". Of a notice or a
 * command that is not finished: its id is the task. Of the time at which a cluster was
 * judged: the cluster alone.
 */
export interface StateKey {
  readonly cluster: string;
  readonly trigger: string;
  readonly host: string;
  readonly task: string;
}

export const STATE_KINDS = ["pending", "firing", "notice", "command", "judged"] as const;
export type StateKind = (typeof STATE_KINDS)[number];

export interface StateRow extends StateKey {
  readonly kind: StateKind;
  /** Since when the condition holds, when the notice was made, when the cluster was judged; 0 of a command. Epoch ms. */
  readonly timeMs: number;
  /** An entry of the triggers' journal (triggers/engine/JOURNAL.md) as JSON: enough to go on from. */
  readonly json: string;
}

/**
 * Rows to set and rows that are gone.
 *
 * A store's rows are of one edition. An engine begins with all of its rows, in parts,
 * the last of which takes the rows of every other edition away; from then on it gives
 * changes. A change of an edition whose rows the store does not have (the file is a new
 * one) counts for nothing.
 */
export interface StateChanges {
  /** Another one each time that all rows are given. */
  readonly edition: string;
  /** part: more of all rows follow. last: these were all. change: of what was given before. */
  readonly step: "part" | "last" | "change";
  readonly rows: readonly StateRow[];
  readonly gone: readonly StateKey[];
}
