import { describe, expect, it } from "vitest";
import { HostNamer } from "../../../sensors/ganglia/host-namer.js";
import { VirtualClock } from "../../support/virtual-clock.js";

/** A resolver that answers when the test says so. */
function setUp() {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const answers = new Map<string, { found: (name: string | undefined) => void; fail: () => void }>();
  const namer = new HostNamer(clock, (ip) => {
    asked.push(ip);
    return new Promise((resolve, reject) => {
      answers.set(ip, { found: resolve, fail: () => reject(new Error("ENOTFOUND")) });
    });
  });
  /** Names by address, as they come to be known; absent while a question is open. */
  const names: Record<string, string | undefined> = {};
  const ask = (ip: string) => {
    void namer.name(ip).then((name) => {
      names[ip] = name;
    });
  };
  return { clock, namer, asked, answers, names, ask };
}

describe("HostNamer", () => {
  it("gives the resolver's name", async () => {
    const { clock, answers, names, ask } = setUp();
    ask("10.0.0.1");
    answers.get("10.0.0.1")?.found("node1.khab");
    await clock.advance(0);
    expect(names).toEqual({ "10.0.0.1": "node1.khab" });
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ["fails", "fail" as const, undefined],
    ["knows no name", "found" as const, undefined],
    ["gives a name that is none", "found" as const, "no\u0000de"],
    ["gives an empty name", "found" as const, ""],
  ])("gives none where the resolver %s", async (_, how, found) => {
    const { clock, answers, names, ask } = setUp();
    ask("10.0.0.1");
    answers.get("10.0.0.1")?.[how](found);
    await clock.advance(0);
    expect(Object.entries(names)).toEqual([["10.0.0.1", undefined]]);
  });

  it("asks once for all who want to know, and remembers a name for an hour", async () => {
    const { clock, asked, answers, names, ask, namer } = setUp();
    ask("10.0.0.1");
    ask("10.0.0.1");
    expect(asked).toEqual(["10.0.0.1"]);
    answers.get("10.0.0.1")?.found("node1");
    await clock.advance(3_599_999);
    expect(names).toEqual({ "10.0.0.1": "node1" });
    await expect(namer.name("10.0.0.1")).resolves.toBe("node1");
    expect(asked).toHaveLength(1);
    await clock.advance(1);
    ask("10.0.0.1");
    expect(asked).toHaveLength(2);
  });

  it("remembers for a minute that there is no name", async () => {
    const { clock, asked, answers, namer, ask } = setUp();
    ask("10.0.0.1");
    answers.get("10.0.0.1")?.fail();
    await clock.advance(59_999);
    await expect(namer.name("10.0.0.1")).resolves.toBeUndefined();
    expect(asked).toHaveLength(1);
    await clock.advance(1);
    ask("10.0.0.1");
    expect(asked).toHaveLength(2);
  });

  it("asks two at a time", async () => {
    const { clock, asked, answers, ask } = setUp();
    for (const ip of ["1", "2", "3", "4"]) ask(ip);
    expect(asked).toEqual(["1", "2"]);
    answers.get("2")?.found("two");
    await clock.advance(0);
    expect(asked).toEqual(["1", "2", "3"]);
  });

  it("gives up after five seconds, and asks no more than two while they hang", async () => {
    const { clock, asked, names, ask, answers } = setUp();
    for (const ip of ["1", "2", "3"]) ask(ip);
    await clock.advance(4_999);
    expect(names).toEqual({});
    await clock.advance(1);
    expect(Object.keys(names)).toEqual(["1", "2", "3"]);
    expect(asked).toEqual(["1", "2"]);
    answers.get("1")?.found("too late");
    await clock.advance(0);
    expect(names["1"]).toBeUndefined();
    ask("4");
    expect(asked).toEqual(["1", "2", "4"]);
  });

  it("lets nobody wait while the resolver is known to hang", async () => {
    const { clock, asked, names, ask, answers } = setUp();
    for (const ip of ["1", "2"]) ask(ip);
    await clock.advance(5_000);
    const later = Array.from({ length: 1_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    for (const ip of later) ask(ip);
    await clock.advance(0);
    expect(later.filter((ip) => !(ip in names) || names[ip] !== undefined)).toEqual([]);
    expect(asked).toEqual(["1", "2"]);
    expect(clock.pendingTimers).toBe(0);
    // One of its answers, even a late one, and it is asked again.
    answers.get("2")?.fail();
    await clock.advance(0);
    ask("5");
    expect(asked).toEqual(["1", "2", "5"]);
  });

  it("remembers 65,536 answers and forgets the oldest", async () => {
    const { clock, asked, answers, namer, ask } = setUp();
    const count = 65_537;
    for (let i = 0; i < count; i++) {
      ask(String(i));
      answers.get(String(i))?.fail();
      answers.clear();
      if (i % 2 === 1) await clock.advance(0);
    }
    await clock.advance(0);
    expect(asked).toHaveLength(count);
    await namer.name(String(count - 1));
    await namer.name("1");
    expect(asked).toHaveLength(count);
    ask("0");
    expect(asked).toHaveLength(count + 1);
  });

  it("lets a thousand hosts wait their turn as long as the resolver answers", async () => {
    const { clock, answers, names, ask } = setUp();
    const ips = Array.from({ length: 1_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    for (const ip of ips) ask(ip);
    // Two answers every 20 ms: ten seconds for all of them.
    for (let i = 0; i < ips.length; i += 2) {
      await clock.advance(20);
      for (const ip of ips.slice(i, i + 2)) answers.get(ip)?.found(`host-${ip}`);
    }
    await clock.advance(0);
    expect(ips.filter((ip) => names[ip] !== `host-${ip}`)).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("answers everyone when it is stopped, and asks no more", async () => {
    const { clock, asked, answers, names, ask, namer } = setUp();
    for (const ip of ["1", "2", "3"]) ask(ip);
    namer.stop();
    await clock.advance(0);
    expect(Object.keys(names)).toEqual(["1", "2", "3"]);
    answers.get("1")?.found("one");
    await clock.advance(0);
    expect(asked).toEqual(["1", "2"]);
    expect(clock.pendingTimers).toBe(0);
  });
});
