/** Keys of the rows that a store keeps of the alerts; see core/model/kept-state.ts. */
import type { StateKey } from "../../core/model/kept-state.js";

export function alertKey(cluster: string, trigger: string, host: string): StateKey {
  return { cluster, trigger, host, task: "" };
}

export function noticeKey({ cluster, trigger, id }: { cluster: string; trigger: string; id: string }): StateKey {
  return { cluster, trigger, host: "", task: id };
}

export function commandKey(order: { cluster: string; trigger: string; host: string; id: string }): StateKey {
  return { cluster: order.cluster, trigger: order.trigger, host: order.host, task: order.id };
}

export function judgedKey(cluster: string): StateKey {
  return { cluster, trigger: "", host: "", task: "" };
}

export function isJudgedKey({ trigger, task }: StateKey): boolean {
  return trigger === "" && task === "";
}
