/**
 * What the journal is made of. The state of the engine is what these entries,
 * applied in order, lead to; there is no other way to change it.
 * Meaning and order: JOURNAL.md.
 */
import type { AlertEvent, Severity } from "../../core/model/alert.js";
import type { CommandOrder } from "../actions/command.js";
import type { Notice } from "../notify/notice.js";

/** Grows when an older program could not read the entries any more. */
export const JOURNAL_VERSION = 1;

/** One stretch of firing, from its beginning to its end. */
export interface Episode {
  /** Unique for ever. */
  readonly id: string;
  readonly trigger: string;
  readonly cluster: string;
  readonly host: string;
  readonly severity: Severity;
  /** The condition as configured when it fired. */
  readonly condition: string;
  readonly evidence: string;
  /** Epoch ms, frame time. */
  readonly activeAtMs: number;
  readonly firedAtMs: number;
}

/** Receiver, and the notice that told it of the problem. */
export type Told = readonly [receiver: string, notice: string];

export type Entry =
  /** Everything before is void. */
  | { readonly k: "reset"; readonly version: number; readonly sequence: number }
  /** The cluster was judged at this frame time. */
  | { readonly k: "time"; readonly cluster: string; readonly timeMs: number }
  | {
      readonly k: "pending";
      readonly trigger: string;
      readonly cluster: string;
      readonly condition: string;
      readonly activeAtMs: number;
      readonly hosts: readonly string[];
    }
  | { readonly k: "fired"; readonly episode: Episode; readonly told?: readonly Told[] }
  /** Pending or firing no more. */
  | { readonly k: "ended"; readonly trigger: string; readonly cluster: string; readonly hosts: readonly string[] }
  | { readonly k: "event"; readonly event: AlertEvent }
  | { readonly k: "notice"; readonly notice: Notice }
  | { readonly k: "notice-done"; readonly id: string; readonly delivered: boolean }
  | { readonly k: "command"; readonly order: CommandOrder; readonly started?: boolean }
  | { readonly k: "command-started"; readonly id: string }
  | { readonly k: "command-done"; readonly id: string };
