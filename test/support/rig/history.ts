/** The answer to a history query as pairs. */
import { readHistory } from "../../../core/wire/extension/history.js";

/** @returns [epoch ms, value] of the first host in the answer */
export function samples(document: string): [timeMs: number, value: number][] {
  const data = readHistory(document).series[0]?.data;
  if (data === undefined) return [];
  if (data.kind !== "number") throw new Error(`expected numbers, got ${data.kind}`);
  return Array.from(data.timesMs, (timeMs, i) => [timeMs, data.values[i] as number]);
}
