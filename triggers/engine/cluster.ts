/**
 * One cluster as the engine follows it: which host sits in which row, how far
 * its frame time has come, and the rows of every trigger that looks at it.
 */
import type { ClusterView } from "../../core/model/columns.js";
import { NONE } from "../../core/model/directory.js";
import { Readings } from "../expression/readings.js";
import type { Ledger } from "./ledger.js";
import { FIRING, INACTIVE, PENDING, TriggerRows } from "./rows.js";
import type { Trigger } from "./trigger.js";

/**
 * Frame times are our own clock's; between two sources they differ by seconds.
 * A frame that is older than the last one by more than this means that the
 * clock was set back.
 */
const SET_BACK_MS = 60_000;

export interface FollowedTrigger {
  readonly trigger: Trigger;
  readonly rows: TriggerRows;
}

export class ClusterState {
  readonly name: string;
  readonly readings = new Readings();
  readonly triggers: readonly FollowedTrigger[];
  /** The newest frame's; for evidence only, it may be overtaken by the next frame. */
  view: ClusterView | undefined;
  /** The newest frame time; 0 before the first frame since the start. */
  timeMs = 0;
  /** Of the first frame since the start. */
  firstMs = 0;
  /** Hosts known from before the start that no frame has shown were looked for. */
  absentChecked = false;
  /** When the journal was told of the frame time last. */
  timeRecordedMs = 0;

  readonly #ledger: Ledger;
  readonly #names: (string | undefined)[] = [];
  #version = -1;
  #directory: ClusterView["directory"] | undefined;
  /** Hosts that were deleted; to be believed again when heard after that, epoch ms. */
  readonly #gone = new Map<string, number>();

  constructor(name: string, triggers: readonly Trigger[], ledger: Ledger) {
    this.name = name;
    this.#ledger = ledger;
    this.triggers = triggers
      .filter((trigger) => trigger.coversCluster(name))
      .map((trigger) => ({ trigger, rows: new TriggerRows() }));
  }

  get pending(): number {
    return this.triggers.reduce((sum, { rows }) => sum + rows.pending, 0);
  }

  hostName(row: number): string {
    return this.#names[row] ?? "";
  }

  /** @returns NONE if no row is known to belong to it */
  rowOf(host: string): number {
    const row = this.#directory?.findRow(host) ?? NONE;
    return this.#names[row] === host ? row : NONE;
  }

  /**
   * Frame time never goes back, unless the clock was set back.
   * @returns by how much everything pending has to move, ms
   */
  advance(frameTimeMs: number): number {
    const before = this.timeMs;
    if (before === 0) {
      this.timeMs = frameTimeMs;
      this.firstMs = frameTimeMs;
      // What was pending at the last frame before the start has waited no longer since.
      const restoredMs = this.#ledger.times.get(this.name);
      return restoredMs === undefined ? 0 : frameTimeMs - restoredMs;
    }
    if (frameTimeMs >= before - SET_BACK_MS) {
      this.timeMs = Math.max(before, frameTimeMs);
      return 0;
    }
    const byMs = frameTimeMs - before;
    this.timeMs = frameTimeMs;
    this.firstMs += byMs;
    this.timeRecordedMs = 0;
    for (const [host, goneMs] of this.#gone) this.#gone.set(host, goneMs + byMs);
    return byMs;
  }

  /**
   * Follows the directory and takes the readings of this frame.
   * @returns hosts that the directory has forgotten
   */
  begin(view: ClusterView): string[] {
    this.view = view;
    const { directory } = view;
    const lost =
      this.#directory !== directory || this.#version !== directory.version || this.#names.length < view.rowCount
        ? this.#bindRows(view)
        : [];
    this.readings.begin(view, this.timeMs);
    this.#maskGone(view);
    return lost;
  }

  /** After a fault: the ledger says how it stands. */
  rebind({ trigger, rows }: FollowedTrigger): void {
    this.#names.forEach((name, row) => {
      this.#bind(trigger, rows, row, name);
    });
  }

  markGone(host: string): void {
    this.#gone.set(host, this.timeMs);
  }

  #bindRows(view: ClusterView): string[] {
    const { directory, rowCount } = view;
    const lost: string[] = [];
    for (let row = 0; row < Math.max(rowCount, this.#names.length); row++) {
      const before = this.#names[row];
      const name = row < rowCount ? directory.host(row)?.name : undefined;
      if (name === before) continue;
      if (before !== undefined && directory.findRow(before) === NONE) lost.push(before);
      this.#names[row] = name;
      for (const { trigger, rows } of this.triggers) this.#bind(trigger, rows, row, name);
    }
    this.#names.length = rowCount;
    this.#directory = directory;
    this.#version = directory.version;
    return lost;
  }

  #bind(trigger: Trigger, rows: TriggerRows, row: number, name: string | undefined): void {
    if (name === undefined) {
      rows.bind(row, false, INACTIVE, 0);
      return;
    }
    const pair = this.#ledger.pairs(this.name, trigger.name).get(name);
    const selected = trigger.coversHost(name);
    if (pair === undefined) rows.bind(row, selected, INACTIVE, 0);
    else if (pair.state === "pending") rows.bind(row, selected, PENDING, pair.activeAtMs);
    else rows.bind(row, selected, FIRING, pair.episode.activeAtMs);
  }

  #maskGone(view: ClusterView): void {
    for (const [host, goneMs] of this.#gone) {
      const row = view.directory.findRow(host);
      const heardAgain = row !== NONE && (view.reportedMs[row] as number) > goneMs;
      if (row === NONE || heardAgain) this.#gone.delete(host);
      else this.readings.mask(row);
    }
  }
}
