import { describe, expect, it } from "vitest";
import type { ClaimStore } from "../../../collector/claims/claim-file.js";
import { ClusterClaims, type SourceClaim } from "../../../collector/claims/cluster-claims.js";

const MINUTE = 60_000;

const xml = (name: string, reads = `${name}'s address`, never: readonly string[] = []): SourceClaim => ({
  name,
  reads,
  clusters: "any",
  never: new Set(never),
});
const channel = (name: string, cluster: string): SourceClaim => ({
  name,
  reads: `channel ${cluster}`,
  clusters: [cluster],
  never: new Set(),
});
const summary = (name: string): SourceClaim => ({ name, reads: "sums", clusters: [], never: new Set() });

/** A process with its sources; `again` is the next one on the same store. */
class Run {
  readonly store: ClaimStore & { text: string };
  readonly claims: ClusterClaims;
  nowMs = 0;

  constructor(text = "") {
    const store = {
      text,
      load: () => store.text,
      save(next: string) {
        store.text = next;
      },
    };
    this.store = store;
    this.claims = new ClusterClaims(store);
  }

  /** Documents with these clusters, every 15 s. */
  polls(source: string, clusters: readonly string[], count = 1): void {
    for (let i = 0; i < count; i++) {
      this.nowMs += 15_000;
      for (const cluster of clusters) this.claims.told(source, cluster, this.nowMs);
    }
  }

  pass(ms: number): void {
    this.nowMs += ms;
  }

  state(cluster: string): string {
    return this.claims.stateOf(cluster, this.nowMs);
  }

  again(): Run {
    this.claims.save();
    return new Run(this.store.text);
  }
}

describe("a cluster is claimed", () => {
  it("by everybody until the configuration is known", () => {
    expect(new Run().state("x")).toBe("claimed");
  });

  it("by the channel or sensor that names it, heard or not, and by no other", () => {
    const { claims } = new Run();
    claims.replace([channel("live", "x")]);
    expect(["x", "y"].map((cluster) => claims.stateOf(cluster, 0))).toEqual(["claimed", "unclaimed"]);
  });

  it("by who has told of it once, for as long as it is configured, however long it is down", () => {
    const run = new Run();
    run.claims.replace([xml("a"), xml("b")]);
    run.polls("a", ["x"]);
    run.nowMs += 1_000 * 24 * 60 * MINUTE;
    expect(run.state("x")).toBe("claimed");
  });

  it("by it in the next process too, before it has answered once", () => {
    const run = new Run();
    run.claims.replace([xml("a")]);
    run.polls("a", ["x"]);
    const next = run.again();
    next.claims.replace([xml("a")]);
    expect([next.state("x"), next.state("y")]).toEqual(["claimed", "unclaimed"]);
  });

  it("by the same source under another name", () => {
    const run = new Run();
    run.claims.replace([xml("a", "10.0.0.1")]);
    run.polls("a", ["x"]);
    run.claims.replace([xml("b", "10.0.0.1")]);
    expect(run.state("x")).toBe("claimed");
    const next = run.again();
    next.claims.replace([xml("c", "10.0.0.1")]);
    expect(next.state("x")).toBe("claimed");
  });

  it("by one of two sources that told of it when the other is removed", () => {
    const run = new Run();
    run.claims.replace([xml("a"), xml("b")]);
    run.polls("a", ["x"]);
    run.polls("b", ["x"]);
    run.claims.replace([xml("b")]);
    expect(run.state("x")).toBe("claimed");
  });
});

describe("a cluster that nobody claims", () => {
  it("is told at once when its source is removed and the others have told of others", () => {
    const run = new Run();
    run.claims.replace([xml("a"), xml("b"), channel("live", "y"), summary("sums")]);
    run.polls("a", ["x"]);
    run.polls("b", ["z"], 50);
    run.claims.replace([xml("b"), channel("live", "y"), summary("sums")]);
    expect(["x", "y", "z"].map((cluster) => run.state(cluster))).toEqual(["unclaimed", "claimed", "claimed"]);
  });

  it("is told at once after a restart without its source, though another that is known is down", () => {
    const run = new Run();
    run.claims.replace([xml("a"), xml("b")]);
    run.polls("a", ["x"]);
    run.polls("b", ["z"]);
    const next = run.again();
    next.claims.replace([xml("b")]);
    expect([next.state("x"), next.state("z")]).toEqual(["unclaimed", "claimed"]);
  });

  it.each<[string, (run: Run) => void, string]>([
    ["that has not answered yet", () => {}, "waits"],
    ["that is never reached", (run) => run.pass(1_000 * MINUTE), "waits"],
    ["that has told of something for less than ten minutes", (run) => run.polls("b", ["z"], 39), "waits"],
    ["that has told of others in 10 documents over 10 minutes", (run) => run.polls("b", ["z"], 41), "unclaimed"],
    [
      "that has sent nine documents in an hour",
      (run) => {
        for (let i = 0; i < 9; i++, run.nowMs += 10 * MINUTE) run.claims.told("b", "z", run.nowMs);
      },
      "waits",
    ],
    [
      "whose documents have many clusters, so that ten frames are one document",
      (run) => {
        run.polls(
          "b",
          Array.from({ length: 20 }, (_, i) => `c${i}`),
        );
        run.nowMs += 20 * MINUTE;
      },
      "waits",
    ],
    [
      "that tells of sums only, for ten minutes",
      (run) => {
        for (let i = 0; i < 41; i++, run.nowMs += 15_000) run.claims.worked("b", run.nowMs);
      },
      "unclaimed",
    ],
    ["that tells of it at last", (run) => run.polls("b", ["x"]), "claimed"],
  ])("waits for a new source %s: %#", (_what, happens, expected) => {
    const run = new Run();
    run.claims.replace([xml("a")]);
    run.polls("a", ["x"]);
    run.claims.replace([xml("b")]);
    happens(run);
    expect(run.state("x")).toBe(expected);
  });

  it("does not wait for a source that calls it by another name", () => {
    const run = new Run();
    run.claims.replace([xml("a", "10.0.0.1")]);
    run.polls("a", ["unspecified"]);
    run.claims.replace([xml("a", "10.0.0.1 renamed", ["unspecified"])]);
    expect([run.state("unspecified"), run.state("gpu")]).toEqual(["unclaimed", "waits"]);
  });

  it("goes on waiting over a reload for a source that has not answered", () => {
    const run = new Run();
    run.claims.replace([xml("b")]);
    run.claims.replace([xml("b"), channel("live", "y")]);
    expect(run.state("x")).toBe("waits");
  });

  it("does not wait over a reload for a source that was there before and has told of others", () => {
    const run = new Run();
    run.claims.replace([xml("a"), xml("b")]);
    run.polls("a", ["x"]);
    run.polls("b", ["z"]);
    run.claims.replace([xml("b")]);
    expect([run.state("x"), run.state("z")]).toEqual(["unclaimed", "claimed"]);
  });
});

describe("what a source before told", () => {
  it.each<[string, readonly SourceClaim[], boolean]>([
    ["is gone with it", [xml("b")], true],
    ["stays while it is there", [xml("a"), xml("b")], false],
    ["stays when it is called otherwise", [xml("c", "a's address")], false],
    ["is gone when it reads something else", [xml("a", "elsewhere")], true],
  ])("%s", (_what, next, expected) => {
    const { claims } = new Run();
    claims.replace([xml("a")]);
    expect(claims.replace(next)("a")).toBe(expected);
  });
});

describe("the store", () => {
  it("is written only when there is something new, and forgets sources that are gone", () => {
    const run = new Run();
    const texts: string[] = [];
    run.store.save = (text) => void texts.push(text);
    run.claims.replace([xml("a", "A"), xml("b", "B"), channel("live", "y")]);
    run.claims.save();
    run.polls("a", ["x", "y"]);
    run.polls("live", ["y"]);
    run.claims.save();
    run.polls("a", ["x", "y"], 5);
    run.claims.save();
    run.claims.replace([xml("b", "B")]);
    run.claims.save();
    expect(texts.map((text) => JSON.parse(text).sources)).toEqual([
      [
        { reads: "A", clusters: ["x", "y"] },
        { reads: "B", clusters: [] },
        { reads: "channel y", clusters: [] },
      ],
      [{ reads: "B", clusters: [] }],
    ]);
  });

  it("that cannot be written is tried again", () => {
    const run = new Run();
    const { save } = run.store;
    run.store.save = () => {
      throw new Error("disk full");
    };
    run.claims.replace([xml("a")]);
    run.polls("a", ["x"]);
    expect(() => run.claims.save()).toThrow("disk full");
    run.store.save = save;
    const next = run.again();
    next.claims.replace([xml("a")]);
    expect(next.state("x")).toBe("claimed");
  });

  it.each([
    "",
    "junk",
    "null",
    "[]",
    "{}",
    '{"version":1}',
    '{"version":2,"sources":[{"reads":"a\'s address","clusters":["x"]}]}',
    '{"version":1,"sources":[null,7,{"reads":7,"clusters":["x"]},{"reads":"a\'s address","clusters":"x"}]}',
    '{"version":1,"sources":[{"reads":"a\'s address","clusters":[7,null]}]}',
  ])("that holds %j means that nothing is known, and clusters wait", (text) => {
    const run = new Run(text);
    run.claims.replace([xml("a")]);
    expect(run.state("x")).toBe("waits");
  });
});
