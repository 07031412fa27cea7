/** What is to be told to one receiver: one trigger, one cluster, all hosts of one frame. */
import type { Severity } from "../../core/model/alert.js";

/**
 * fired: a problem began. resolved: it is over. expired: its host is gone, how
 * it ended is not known. closed: nobody looks any more, the trigger was removed
 * or changed.
 */
export type NoticeKind = "fired" | "resolved" | "expired" | "closed";

export interface NoticeItem {
  readonly host: string;
  readonly episode: string;
  /** What the condition saw: "cpu_temp = 85 Celsius". */
  readonly evidence: string;
  /** Since when the condition holds, epoch ms on frame time. */
  readonly activeAtMs: number;
  readonly firedAtMs: number;
  /** When the episode ended; 0 in a fired notice. */
  readonly endedAtMs: number;
  /** The fired notice that told this receiver of the episode; "" in that notice itself. */
  readonly problem: string;
}

export interface Notice {
  /** Unique for ever and the same at each attempt: a Message-ID is made from it. */
  readonly id: string;
  readonly kind: NoticeKind;
  /** Name of the receiver in the configuration. */
  readonly receiver: string;
  readonly trigger: string;
  readonly cluster: string;
  readonly severity: Severity;
  /** The condition as configured. */
  readonly condition: string;
  /** How long it had to hold. */
  readonly forMs: number;
  /** Engine clock when it was made, epoch ms. */
  readonly createdMs: number;
  /** Why, for a closed notice; else "". */
  readonly reason: string;
  /** At least one. */
  readonly items: readonly NoticeItem[];
  /** Made while the journal could not be written: a crash may have it forgotten or sent again. */
  readonly unrecorded: boolean;
}
