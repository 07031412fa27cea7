import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nameFault } from "../../../../core/model/names.js";
import { type ExtensionRequest, formatRequest, NOW, parseRequest } from "../../../../core/wire/extension/request.js";

describe("a request is written and read back", () => {
  test.each<[string, ExtensionRequest]>([
    ["grate:1/changes", { verb: "changes", since: undefined, waitMs: 0, cluster: undefined }],
    [
      "grate:1/changes?since=4f1c-1234&wait=15000ms&cluster=khab",
      { verb: "changes", since: { instance: "4f1c", frame: 1234 }, waitMs: 15_000, cluster: "khab" },
    ],
    [
      "grate:1/changes?cluster=a%20b%2Fc%3F%26%3D%25",
      { verb: "changes", since: undefined, waitMs: 0, cluster: "a b/c?&=%" },
    ],
    [
      "grate:1/history?cluster=c&host=h&metric=m&from=1795291102.5&to=1795294702&step=60000ms",
      {
        verb: "history",
        cluster: "c",
        host: "h",
        metric: "m",
        from: { atMs: 1_795_291_102_500 },
        to: { atMs: 1_795_294_702_000 },
        stepMs: 60_000,
      },
    ],
    [
      "grate:1/history?cluster=c&host=h&metric=m&from=-3600000ms",
      {
        verb: "history",
        cluster: "c",
        host: "h",
        metric: "m",
        from: { agoMs: 3_600_000 },
        to: NOW,
        stepMs: undefined,
      },
    ],
    ["grate:1/alerts?events=10&before=77", { verb: "alerts", events: 10, before: 77 }],
    ["grate:1/alerts?events=0", { verb: "alerts", events: 0, before: undefined }],
    ["grate:1/status", { verb: "status" }],
    ["grate:1/status?dtd=yes", { verb: "status", dtd: true }],
    [
      "grate:1/history?cluster=c&host=h&metric=*&from=0",
      { verb: "history", cluster: "c", host: "h", metric: undefined, from: { atMs: 0 }, to: NOW, stepMs: undefined },
    ],
    [
      "grate:1/history?cluster=c&host=*&metric=m&from=0&step=60000ms&merge=hosts&hold=280000ms",
      {
        verb: "history",
        cluster: "c",
        host: undefined,
        metric: "m",
        from: { atMs: 0 },
        to: NOW,
        stepMs: 60_000,
        merge: "hosts",
        holdMs: 280_000,
      },
    ],
    [
      // A host that is called * is not all hosts.
      "grate:1/history?cluster=c&host=%2A&metric=a%2Ab&from=0",
      { verb: "history", cluster: "c", host: "*", metric: "a*b", from: { atMs: 0 }, to: NOW, stepMs: undefined },
    ],
    ["grate:1/metadata?cluster=a%2Fb&hosts=yes", { verb: "metadata", cluster: "a/b", hosts: true }],
    ["grate:1/metadata", { verb: "metadata", cluster: undefined, hosts: false }],
    ["grate:1/ganglia?filter=summary", { verb: "ganglia", path: [], summary: true }],
    [
      "grate:1/ganglia?cluster=a%2Fb&host=x%20y&metric=%3F%25",
      { verb: "ganglia", path: ["a/b", "x y", "?%"], summary: false },
    ],
    ["grate:1/dtd", { verb: "dtd" }],
  ])("%s", (line, request) => {
    expect(formatRequest(request)).toBe(line);
    expect(parseRequest(line)).toEqual(request);
  });

  test("whatever the names are", () => {
    const name = fc
      .string({ unit: "binary", minLength: 1, maxLength: 40 })
      .filter((text) => nameFault(text) === undefined);
    fc.assert(
      fc.property(name, name, name, (cluster, host, metric) => {
        const request: ExtensionRequest = {
          verb: "history",
          cluster,
          host,
          metric,
          from: { agoMs: 1 },
          to: NOW,
          stepMs: undefined,
        };
        const line = formatRequest(request);
        expect(line).toMatch(/^[\x21-\x7e]+$/);
        expect(parseRequest(line)).toEqual(request);
      }),
      { verbose: true },
    );
  });
});

describe("other ways of asking", () => {
  test.each<[string, Partial<ExtensionRequest>]>([
    ["grate:1/changes?wait=30s", { waitMs: 30_000 }],
    ["grate:1/changes?wait=0s", { waitMs: 0 }],
    ["grate:1/status?", { verb: "status" }],
    ["grate:1/status?dtd=no", { verb: "status" }],
    ["grate:1/history?cluster=c&host=h&from=0", { host: "h", metric: undefined }],
    ["grate:1/metadata?hosts=no", { hosts: false }],
    ["grate:1/alerts", { events: 50 }],
    ["grate:1/history?cluster=c&host=h&metric=m&from=-1h30m&to=-1h", { to: { agoMs: 3_600_000 } }],
    ["grate:1/history?cluster=c&host=h&metric=m&from=0&step=1m", { from: { atMs: 0 }, stepMs: 60_000 }],
    ["grate:1/history?metric=m&host=h&from=0&cluster=c+d", { cluster: "c+d" }],
  ])("%s", (line, part) => {
    expect(parseRequest(line)).toMatchObject(part);
  });
});

describe("a line that is no request is refused with the reason", () => {
  test.each<[string, RegExp]>([
    ["grate:", /not of a version known here/],
    ["grate:2/status", /not of a version known here/],
    ["grate:1", /not of a version known here/],
    ["grate:1/", /the verb "" is not known/],
    [
      "grate:1/nosuch",
      /the verb "nosuch" is not known, expected changes, history, metadata, alerts, status, ganglia or dtd/,
    ],
    ["grate:1/Status", /the verb "Status" is not known/],
    ["grate:1/__proto__", /the verb "__proto__" is not known/],
    ["grate:1/status?x=1", /"x" is not known for this verb/],
    ["grate:1/changes?since=", /expected <instance>-<frame>/],
    ["grate:1/changes?since=abc", /expected <instance>-<frame>/],
    ["grate:1/changes?since=abc--1", /expected <instance>-<frame>/],
    ["grate:1/changes?since=a%00b-1", /expected <instance>-<frame>/],
    ["grate:1/changes?wait=31s", /wait "31s", expected at most 30s/],
    ["grate:1/changes?wait=5", /expected a duration/],
    ["grate:1/changes?wait=-5s", /expected a duration/],
    ["grate:1/changes?wait", /"wait" in the request, expected key=value/],
    ["grate:1/changes?=1", /expected key=value/],
    ["grate:1/changes?wait=1s&wait=2s", /"wait" stands twice/],
    ["grate:1/changes?wait=1s&", /expected key=value/],
    ["grate:1/changes?cluster=", /not a name: it is empty/],
    ["grate:1/changes?cluster=%0A", /not a name: it has a control character/],
    ["grate:1/changes?cluster=%", /not percent-encoded UTF-8/],
    ["grate:1/changes?cluster=%FF", /not percent-encoded UTF-8/],
    [`grate:1/changes?cluster=${"x".repeat(513)}`, /at most 512 are allowed/],
    ["grate:1/history?host=h&metric=m&from=0", /the request has no cluster/],
    ["grate:1/history?cluster=c&metric=m&from=0", /the request has no host/],
    ["grate:1/history?cluster=c&host=*&from=0", /names neither host nor metric, expected one of them/],
    ["grate:1/history?cluster=c&host=*&metric=*&from=0", /names neither host nor metric/],
    ["grate:1/history?cluster=*&host=h&metric=m&from=0&merge=all&step=1s", /merge "all", expected hosts/],
    ["grate:1/history?cluster=c&host=h&metric=m&from=0&merge=hosts&step=1s", /expected host=\* and step=<duration>/],
    ["grate:1/history?cluster=c&host=*&metric=m&from=0&merge=hosts", /expected host=\* and step=<duration>/],
    ["grate:1/history?cluster=c&host=*&metric=m&from=0&hold=1m", /hold without steps, expected step=<duration>/],
    ["grate:1/history?cluster=c&host=h&metric=m&from=0&step=1s&hold=1m", /expected host=\* or metric=\*/],
    ["grate:1/metadata?hosts=1", /hosts "1", expected yes or no/],
    ["grate:1/metadata?metric=m", /"metric" is not known for this verb, expected keys: cluster, hosts, dtd/],
    ["grate:1/ganglia?host=h", /expected cluster, host and metric in this order/],
    ["grate:1/ganglia?cluster=c&metric=m", /expected cluster, host and metric in this order/],
    ["grate:1/ganglia?filter=all", /filter "all", expected summary/],
    ["grate:1/ganglia?dtd=yes", /"dtd" is not known for this verb/],
    ["grate:1/dtd?x=1", /expected keys: none/],
    ["grate:1/status?dtd=true", /dtd "true", expected yes or no/],
    ["grate:1/history?cluster=c&host=h&metric=m", /the request has no from/],
    ["grate:1/history?cluster=c&host=h&metric=m&from=yesterday", /expected epoch seconds or a duration ago/],
    ["grate:1/history?cluster=c&host=h&metric=m&from=-5", /expected epoch seconds or a duration ago/],
    ["grate:1/history?cluster=c&host=h&metric=m&from=0&step=0s", /step "0s", expected at least 1ms/],
    ["grate:1/alerts?events=1001", /events "1001", expected a whole number up to 1000/],
    ["grate:1/alerts?before=-1", /before "-1", expected a whole number$/],
    ["grate:1/history?cluster=c&host=h&from=0&to=now", /to "now", expected epoch seconds/],
    ["grate:1/alerts?events=-1", /expected a whole number/],
    ["grate:1/alerts?before=x", /expected a whole number/],
  ])("%s", (line, reason) => {
    expect(parseRequest(line)).toEqual({ verb: "fault", message: expect.stringMatching(reason) });
  });

  test("any text gets an answer, never an exception", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(parseRequest(`grate:1/${text}`)).toHaveProperty("verb");
      }),
      { verbose: true },
    );
  });
});
