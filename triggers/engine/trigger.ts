/** A trigger of the configuration, ready to be looked at with each frame. */
import type { Severity } from "../../core/model/alert.js";
import type { TriggerConfig } from "../config.js";
import type { TruthNode } from "../expression/ast.js";
import { compile, type Judge } from "../expression/compile.js";
import { type MetricUse, metricsOf } from "../expression/evidence.js";
import { globTest, type NameTest } from "../glob.js";

export interface Trigger {
  readonly name: string;
  /** As configured. */
  readonly condition: string;
  readonly tree: TruthNode;
  readonly judge: Judge;
  /** undefined: a condition that is false is over. */
  readonly recovered: Judge | undefined;
  readonly metrics: readonly MetricUse[];
  readonly forMs: number;
  readonly severity: Severity;
  readonly notify: readonly string[];
  readonly run: readonly string[];
  readonly coversCluster: NameTest;
  readonly coversHost: NameTest;
}

export function prepareTrigger(config: TriggerConfig): Trigger {
  return {
    name: config.name,
    condition: config.when.text,
    tree: config.when.tree,
    judge: compile(config.when.tree),
    recovered: config.recover === undefined ? undefined : compile(config.recover.tree),
    metrics: metricsOf(config.when.tree),
    forMs: config.forMs,
    severity: config.severity,
    notify: config.notify,
    run: config.run,
    coversCluster: globTest(config.on.cluster),
    coversHost: globTest(config.on.host),
  };
}
