import { describe, expect, test } from "vitest";
import { HOSTS_LISTED_MAX, noticeText } from "../../../triggers/notify/mail-text.js";
import type { Notice, NoticeItem } from "../../../triggers/notify/notice.js";

const AT = Date.UTC(2026, 10, 21, 20, 0, 0);

const item: NoticeItem = {
  host: "node3",
  episode: "1f-9a3b",
  evidence: "cpu_temp = 85 Celsius",
  activeAtMs: AT,
  firedAtMs: AT + 90_500,
  endedAtMs: 0,
  problem: "",
};

const fired: Notice = {
  id: "1f-9a3b-fired-ops",
  kind: "fired",
  receiver: "ops",
  trigger: "cpu-too-hot",
  cluster: "khab",
  severity: "critical",
  condition: "cpu_temp > 70",
  forMs: 60_000,
  createdMs: AT,
  reason: "",
  items: [item],
  unrecorded: false,
};

const ended = { ...item, endedAtMs: AT + 400_000, problem: "1f-9a3b-fired-ops" };

test("a problem on one host", () => {
  expect(noticeText(fired)).toEqual({
    subject: "[grate] FIRING critical: cpu-too-hot on node3 (khab)",
    body: `cpu-too-hot is firing on node3 of cluster khab.

Trigger:   cpu-too-hot
Condition: cpu_temp > 70, for 1m
Severity:  critical
Cluster:   khab
Host:      node3
Value:     cpu_temp = 85 Celsius
Since:     2026-11-21T20:00:00Z (1m 30s before it fired)
Fired:     2026-11-21T20:01:30Z
Episode:   1f-9a3b
`,
  });
});

test("its end", () => {
  const { subject, body } = noticeText({
    ...fired,
    kind: "resolved",
    items: [{ ...ended, evidence: "cpu_temp = 60 Celsius" }],
  });
  expect(subject).toBe("[grate] RESOLVED critical: cpu-too-hot on node3 (khab)");
  expect(body).toContain("cpu-too-hot is over on node3 of cluster khab.");
  expect(body).toContain("Value:     cpu_temp = 60 Celsius\n");
  expect(body).toContain("Ended:     2026-11-21T20:06:40Z, after 5m 9s\n");
});

test.each([
  ["expired", "EXPIRED", "ended without recovery on node3", "the host was deleted"],
  ["closed", "CLOSED", "is not watched any more on node3", "the trigger was removed from the configuration"],
] as const)("%s is not called a recovery", (kind, word, sentence, reason) => {
  const { subject, body } = noticeText({ ...fired, kind, reason, items: [ended] });
  expect(subject).toBe(`[grate] ${word} critical: cpu-too-hot on node3 (khab)`);
  expect(body).toContain(sentence);
  expect(body).toContain(`Reason:    ${reason}\n`);
  expect(body).not.toMatch(/recovered|RESOLVED/);
});

describe("several hosts", () => {
  const many = (count: number, one = item) => Array.from({ length: count }, (_, i) => ({ ...one, host: `node${i}` }));

  test("are counted and listed", () => {
    const { subject, body } = noticeText({ ...fired, items: many(2) });
    expect(subject).toBe("[grate] FIRING critical: cpu-too-hot on 2 hosts (khab)");
    expect(body).toContain("Hosts:     2\n");
    expect(body).toContain(`  node1: cpu_temp = 85 Celsius
    since 2026-11-21T20:00:00Z (1m 30s before it fired), episode 1f-9a3b
`);
    expect(body).not.toContain("more");
  });

  test("up to a limit", () => {
    const { subject, body } = noticeText({ ...fired, items: many(HOSTS_LISTED_MAX + 50) });
    expect(subject).toContain("on 100 hosts");
    expect(body.match(/^ {2}node/gm)?.length).toBe(HOSTS_LISTED_MAX);
    expect(body).toContain("  and 50 more\n");
  });

  test("that recovered, each with its time", () => {
    const { body } = noticeText({ ...fired, kind: "resolved", items: many(2, ended) });
    expect(body).toContain("    from 2026-11-21T20:01:30Z to 2026-11-21T20:06:40Z, 5m 9s, episode 1f-9a3b\n");
  });
});

test("nothing from the network breaks a line or a header", () => {
  const hostile = "a\r\nBcc: x@y\u202e";
  const { subject, body } = noticeText({ ...fired, cluster: hostile, items: [{ ...item, host: hostile }] });
  expect(subject).toBe("[grate] FIRING critical: cpu-too-hot on a??Bcc: x@y? (a??Bcc: x@y?)");
  expect(body).toContain("Host:      a??Bcc: x@y?\n");
  expect(noticeText({ ...fired, items: [{ ...item, host: "h".repeat(512) }] }).subject.length).toBeLessThan(200);
});

test("says when the journal could not be written", () => {
  expect(noticeText({ ...fired, unrecorded: true }).body).toContain("could not write its journal");
  expect(noticeText({ ...fired, forMs: 0, items: [{ ...item, activeAtMs: item.firedAtMs }] }).body).toContain(
    "Condition: cpu_temp > 70\n",
  );
});
