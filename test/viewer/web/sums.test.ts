import { describe, expect, test } from "vitest";
import type { ClusterColumns, SumsAnswer } from "../../../viewer/api/answers.js";
import { newestMs } from "../../../viewer/web/lib/newest.js";
import type { OverviewRoute } from "../../../viewer/web/lib/route.js";
import { safeLink, shownSums } from "../../../viewer/web/lib/sums.js";

function one(name: string, up: number, down: number): SumsAnswer {
  const none = { cpus: null, load1: null, sum: null, num: 0 };
  return { kind: "grid", name, source: "s", url: "", layout: 1, timeMs: 5_000, live: true, up, down, ...none };
}

describe("which cards are shown", () => {
  const all = [one("Saransk", 3, 0), one("Penza", 0, 4), one("Samara", 1, 1), one("new", 0, 0)];
  test.each<[Partial<OverviewRoute>, string[]]>([
    [{}, ["Saransk", "Penza", "Samara", "new"]],
    [{ filter: "up" }, ["Saransk", "Samara"]],
    [{ filter: "down" }, ["Penza", "Samara"]],
    [{ filter: "stale" }, []],
    [{ filter: "alert" }, []],
    [{ search: " SA" }, ["Saransk", "Samara"]],
    [{ search: "sa", filter: "down" }, ["Samara"]],
    [{ cluster: "Penza" }, ["Penza"]],
    [{ cluster: "khab" }, []],
  ])("with %j", (at, names) => {
    expect(shownSums(all, { filter: "all", search: "", ...at }).map(({ name }) => name)).toEqual(names);
  });
});

describe("an address becomes a link", () => {
  test.each([
    ["http://saransk.example.org/ganglia/", "http://saransk.example.org/ganglia/"],
    ["HTTPS://Saransk:8443", "https://saransk:8443/"],
    [" http://a/b c\n", "http://a/b%20c"],
    ['http://a/"><script>', "http://a/%22%3E%3Cscript%3E"],
    ["http://[::1]:80/x?y#z", "http://[::1]/x?y#z"],
  ])("%j", (text, href) => {
    expect(safeLink(text)?.href).toBe(href);
  });
});

describe("an address stays text", () => {
  test.each([
    "",
    "unspecified",
    "saransk.example.org",
    "//saransk/",
    "/ganglia",
    "javascript:alert(1)",
    "\u0001javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>1</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "ftp://a/",
    "blob:http://a/1",
    "view-source:http://a/",
    "http://",
    "http://a b/",
    "http://bank.example@elsewhere/",
    "http://:secret@elsewhere/",
  ])("%j", (text) => {
    expect(safeLink(text)).toBeUndefined();
  });
});

test("the newest of frames and sums tells how old the data is", () => {
  const cluster = (frameTimeMs: number): ClusterColumns => ({
    ...{ name: "khab", owner: "", url: "", layout: 1, frameTimeMs, up: 0, down: 0 },
    ...{ hosts: [], values: [], timesS: [], states: "", alerts: "" },
  });
  expect(newestMs(undefined)).toBe(0);
  expect(newestMs({ clusters: [], sums: [] })).toBe(0);
  expect(newestMs({ clusters: [cluster(7_000)], sums: [one("a", 1, 0)] })).toBe(7_000);
  expect(newestMs({ clusters: [cluster(4_000)], sums: [one("a", 1, 0)] })).toBe(5_000);
});
