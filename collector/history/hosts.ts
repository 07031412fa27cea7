/**
 * What a chart of many hosts is made of: values that are held until the next one
 * comes, and all hosts in one. Pure; works on the table that it is given.
 */
import type { BucketTable, MergedBuckets } from "../../core/model/bucket-table.js";

/**
 * Fills empty cells with the mean of the cell before, for up to `steps` of them.
 * Ganglia sends what does not change only now and then: without it the sum over
 * all hosts would jump with the number of those that happened to send.
 * @param table is changed
 * @param untilMs steps that begin later stay empty: nobody knows what comes
 */
export function holdValues(table: BucketTable, steps: number, untilMs: number): void {
  const { counts, sums, min, max } = table;
  const end = Math.min(table.steps, Math.floor((untilMs - table.startMs) / table.stepMs) + 1);
  const rows = table.steps === 0 ? 0 : counts.length / table.steps;
  for (let row = 0; row < rows; row++) {
    let value = 0;
    let left = 0;
    for (let i = row * table.steps; i < row * table.steps + end; i++) {
      const count = counts[i] as number;
      if (count > 0) {
        value = (sums[i] as number) / count;
        left = steps;
      } else if (left > 0) {
        left--;
        counts[i] = 1;
        sums[i] = value;
        min[i] = value;
        max[i] = value;
      }
    }
  }
}

/**
 * One series out of all rows: the least and the greatest sample of all hosts, and
 * of the hosts' means the sum and the mean. Each host has the same weight, however
 * often it sends.
 * @param firstStep steps before it are left out
 */
export function mergeRows(table: BucketTable, firstStep = 0): MergedBuckets {
  const steps = table.steps - firstStep;
  const hosts = new Uint32Array(steps);
  const sum = new Float64Array(steps);
  const min = new Float64Array(steps).fill(Number.NaN);
  const max = new Float64Array(steps).fill(Number.NaN);
  for (let begin = firstStep; begin < table.counts.length; begin += table.steps) {
    for (let s = 0; s < steps; s++) {
      const count = table.counts[begin + s] as number;
      if (count === 0) continue;
      hosts[s] = (hosts[s] as number) + 1;
      sum[s] = (sum[s] as number) + (table.sums[begin + s] as number) / count;
      const [least, most] = [table.min[begin + s] as number, table.max[begin + s] as number];
      // Written so that the NaN of a step without hosts loses every comparison.
      if (!((min[s] as number) <= least)) min[s] = least;
      if (!((max[s] as number) >= most)) max[s] = most;
    }
  }
  for (let s = 0; s < steps; s++) if (hosts[s] === 0) sum[s] = Number.NaN;
  const avg = sum.map((total, s) => total / (hosts[s] as number));
  return { startMs: table.startMs + firstStep * table.stepMs, stepMs: table.stepMs, min, avg, max, sum, hosts };
}
