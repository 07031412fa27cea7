import { describe, expect, test } from "vitest";
import { EVERY, parseGangliaQuery, parseHttpQuery } from "../../../collector/serve/ganglia-query.js";

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

describe("the same as the target of an HTTP request", () => {
  test.each<[string, string[], boolean]>([
    ["/c", ["c"], false],
    ["/c/h/m/", ["c", "h", "m"], false],
    ["//", [""], false],
    ["//?filter=summary", [""], true],
    ["//c", ["", "c"], false],
    ["/c?filter=summary", ["c"], true],
    ["/*", [EVERY], false],
    ["/*/*/load_one", [EVERY, EVERY, "load_one"], false],
    ["/*?filter=summary", [EVERY], true],
    ["/a*", ["a*"], false],
    ["/%2A", ["*"], false],
    ["/a%20b", ["a b"], false],
    ["/a b", ["a b"], false],
    ["/a+b", ["a+b"], false],
    ["/c%2Fd/h", ["c/d", "h"], false],
    ["/%D1%83%D0%B7%D0%B5%D0%BB", ["узел"], false],
    ["/%3Cb%3E%26%22%27%25", ["<b>&\"'%"], false],
    ["/c%3Ffilter=x", ["c?filter=x"], false],
    [`/${encodeURIComponent("it's (a) ~name_-.!*")}`, ["it's (a) ~name_-.!*"], false],
  ])("%s", (target, path, summary) => {
    expect(parseHttpQuery(target)).toEqual({ path, summary, exact: true });
  });

  test.each<[string, boolean]>([
    ["/", false],
    ["/?filter=summary", true],
  ])("%s is the whole grid, as in a bare line", (target, summary) => {
    expect(parseHttpQuery(target)).toEqual({ path: [], summary });
    expect(parseGangliaQuery(target)).toEqual({ path: [], summary });
  });

  test.each([
    "",
    "c",
    "*",
    "http://elsewhere/c",
    "/c?filter",
    ...Array.from('>@#$`;|"\\<', (char) => `/c${char}`),
    "/a%",
    "/a%2",
    "/a%zz",
    "/a%FF",
    "/a\tb",
  ])("refused: %j", (target) => {
    expect(parseHttpQuery(target)).toBeUndefined();
  });
});
