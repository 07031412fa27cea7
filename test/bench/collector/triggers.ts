/** Fifty triggers as a site might have them; a few of them are true on some of the emulated hosts. */

const LIMITS: readonly (readonly [metric: string, above: number, warnAbove: number])[] = [
  ["cpu_user", 88, 80],
  ["cpu_system", 11, 9],
  ["cpu_wio", 7, 6],
  ["load_one", 22, 20],
  ["load_five", 15, 13],
  ["load_fifteen", 11, 10],
  ["part_max_used", 94, 90],
  ["proc_run", 28, 26],
  ["proc_total", 1_150, 1_050],
  ["bytes_in", 240_000, 220_000],
  ["bytes_out", 170_000, 160_000],
  ["pkts_in", 3_900, 3_700],
  ["pkts_out", 2_900, 2_800],
  ["io_busymax", 58, 55],
  ["io_reads", 195, 185],
  ["io_writes", 340, 325],
  ["io_nread", 880_000, 850_000],
  ["io_nwrite", 1_450_000, 1_400_000],
  ["mem_cached", 8_900_000, 8_700_000],
  ["mem_shared", 88_000, 85_000],
  ["io_max_wait_time", 0.048, 0.046],
  ["io_max_svc_time", 0.019, 0.018],
];

const PAIRS = [
  "mem_free < 1000000 and swap_free < 20000",
  "load_one > 20 and cpu_idle > 90",
  "cpu_user > 80 and load_five < 1",
  "disk_free < 61 or part_max_used > 94.5",
  "bytes_in > 245000 and bytes_out > 175000",
  "proc_run > 29 and cpu_num < 4",
];

export const TRIGGER_COUNT = LIMITS.length * 2 + PAIRS.length;

export function triggersYaml(): string {
  const lines = ["triggers:"];
  const add = (name: string, when: string, hold: string, severity: string) =>
    lines.push(`  - { name: ${name}, when: "${when}", for: ${hold}, severity: ${severity} }`);
  for (const [metric, above, warnAbove] of LIMITS) {
    add(`${metric}-critical`, `${metric} > ${above}`, "1m", "critical");
    add(`${metric}-warning`, `${metric} > ${warnAbove}`, "5m", "warning");
  }
  for (const [i, when] of PAIRS.entries()) add(`pair-${i}`, when, "2m", "warning");
  return lines.join("\n");
}
