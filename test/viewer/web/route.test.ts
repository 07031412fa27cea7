import { describe, expect, test } from "vitest";
import { formatRoute, hostPath, parseRoute, type Route } from "../../../viewer/web/lib/route.js";

const parse = (url: string): Route => {
  const { pathname, search } = new URL(url, "http://localhost");
  return parseRoute(pathname, search);
};

describe("addresses and back", () => {
  test.each<[string, Route]>([
    ["/", { page: "overview", sort: "name", filter: "all", search: "" }],
    [
      "/?metric=cpu+%2F+user&cluster=a%26b&sort=value&show=down&q=n%231",
      { page: "overview", metric: "cpu / user", cluster: "a&b", sort: "value", filter: "down", search: "n#1" },
    ],
    ["/alerts", { page: "alerts" }],
    ["/host/khab/node001", { page: "host", cluster: "khab", host: "node001", range: { lastMs: 3_600_000 } }],
    ["/host/khab/n?range=7d", { page: "host", cluster: "khab", host: "n", range: { lastMs: 604_800_000 } }],
    ["/host/c/n?from=100&to=200", { page: "host", cluster: "c", host: "n", range: { fromMs: 100_000, toMs: 200_000 } }],
  ])("%s", (url, route) => {
    expect(parse(url)).toEqual(route);
    expect(formatRoute(route)).toBe(url);
  });

  test.each(["a/b?c=%41", "100%", "<img src=x>", "ünï 😀", "a#b", "..x", "back\\slash"])("host %s", (host) => {
    const path = hostPath("we/ird", host);
    expect(path.split("/").length).toBe(4);
    expect(parse(path)).toMatchObject({ page: "host", cluster: "we/ird", host });
  });
});

test.each([
  ["/nowhere", "not-found"],
  ["/alerts/1", "not-found"],
  ["/host/khab", "not-found"],
  ["/host//x", "not-found"],
  ["/host/a/b/c", "not-found"],
  ["/host/a/%E0%A4%A", "not-found"],
])("%s is %s", (path, page) => {
  expect(parseRoute(path, "").page).toBe(page);
});

test.each(["?range=99y", "?from=200&to=100", "?from=x&to=y", "?from=1", "?range=1h"])("%s: the last hour", (query) => {
  expect(parseRoute("/host/a/b", query)).toMatchObject({ range: { lastMs: 3_600_000 } });
});

test("choices that are none are the usual ones", () => {
  expect(parseRoute("/", "?sort=x&show=y&metric=")).toEqual({
    page: "overview",
    sort: "name",
    filter: "all",
    search: "",
  });
});
