import { describe, expect, test } from "vitest";
import { parseGangliaQuery } from "../../../collector/serve/ganglia-query.js";

describe("a request of gmetad's grammar", () => {
  test.each<[string, string[], boolean]>([
    ["/", [], false],
    ["//", [], false],
    ["/c", ["c"], false],
    ["/c/", ["c"], false],
    ["/c/h", ["c", "h"], false],
    ["/c/h/", ["c", "h"], false],
    ["/c/h/m", ["c", "h", "m"], false],
    ["/c/h/m/x", ["c", "h", "m", "x"], false],
    ["//c", ["", "c"], false],
    ["/c//m", ["c", "", "m"], false],
    ["/c//", ["c", ""], false],
    ["/a b/c:d", ["a b", "c:d"], false],
    ["/узел", ["узел"], false],
    ["/?filter=summary", [], true],
    ["/c?filter=summary", ["c"], true],
    ["/c/?filter=summary", ["c"], true],
    ["/c?anything=summary", ["c"], true],
    ["/c?=summary", ["c"], true],
    ["/c?filter=Summary", ["c"], false],
    ["/c?filter=other", ["c"], false],
    ["/c?filter=", ["c"], false],
    ["/c?filter=summary=x", ["c"], false],
    ["/c?filter=summary?x", ["c"], false],
  ])("%s", (line, path, summary) => {
    expect(parseGangliaQuery(line)).toEqual({ path, summary });
  });
});

describe("what gmetad closes without a word", () => {
  test.each([
    "",
    "c",
    " /c",
    "GET / HTTP/1.0",
    "/c?",
    "/c?filter",
    "/?summary",
    ...Array.from(">!@#$%`;|\"\\'<", (char) => `/c${char}`),
    "/c?filter=summary;",
    "/a%20b",
    "/a\u0000b",
    "/a\tb",
    "/a\u007fb",
  ])("%j", (line) => {
    expect(parseGangliaQuery(line)).toBeUndefined();
  });
});
