/**
 * After a start the configuration may be another one. What it does not speak of
 * any more is closed; a firing alert of a trigger with another `for`, severity
 * or receivers stays as it is, the change counts from the next episode on.
 */
import type { TruthNode } from "../expression/ast.js";
import { sameTree } from "../expression/ast.js";
import { parseCondition } from "../expression/parser.js";
import type { Ledger, LocatedPair } from "./ledger.js";
import type { Trigger } from "./trigger.js";

export interface ClosedPair extends LocatedPair {
  /** For a person. */
  readonly reason: string;
}

/** @returns pairs that nobody watches any more */
export function closedPairs(ledger: Ledger, triggers: ReadonlyMap<string, Trigger>): ClosedPair[] {
  const closed: ClosedPair[] = [];
  for (const located of ledger.allPairs()) {
    const reason = closingReason(located, triggers.get(located.trigger));
    if (reason !== undefined) closed.push({ ...located, reason });
  }
  return closed;
}

function closingReason({ cluster, host, pair }: LocatedPair, trigger: Trigger | undefined): string | undefined {
  if (trigger === undefined) return "the trigger was removed from the configuration";
  if (!trigger.coversCluster(cluster) || !trigger.coversHost(host)) {
    return "the trigger does not cover the host any more";
  }
  const condition = pair.state === "pending" ? pair.condition : pair.episode.condition;
  return sameCondition(condition, trigger) ? undefined : "the condition of the trigger was changed";
}

/** Blanks and parentheses may differ. */
function sameCondition(text: string, trigger: Trigger): boolean {
  if (text === trigger.condition) return true;
  let tree: TruthNode;
  try {
    tree = parseCondition(text).tree;
  } catch {
    // Written by a program with another language.
    return false;
  }
  return sameTree(tree, trigger.tree);
}
