/** What every store of alert events and alert states must do: the ports of storage/event-store.ts as a suite. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AlertEvent } from "../../core/model/alert.js";
import type { StateChanges, StateKey, StateRow } from "../../core/model/kept-state.js";
import type { EventStore, StateStore } from "../../storage/event-store.js";

export interface EventStoreHarness {
  readonly store: EventStore;
  /** The same data once more, as after a restart. */
  reopen(): Promise<EventStore>;
  cleanup(): Promise<void>;
}

function event(sequence: number, message = `event ${sequence}`): AlertEvent {
  return {
    sequence,
    timeMs: 1_700_000_000_000 + sequence,
    kind: "fired",
    trigger: "cpu-too-hot",
    cluster: "khab",
    host: "node1",
    severity: "critical",
    episode: `e${sequence}`,
    message,
    details: { "'; --": "\u0000<b>🐧" },
  };
}

function row(host: string, json = `{"host":"${host}"}`, changes: Partial<StateRow> = {}): StateRow {
  return {
    cluster: "khab",
    trigger: "hot",
    host,
    task: "",
    kind: "firing",
    timeMs: 1_700_000_000_000.5,
    json,
    ...changes,
  };
}

const keyOf = ({ cluster, trigger, host, task }: StateKey): StateKey => ({ cluster, trigger, host, task });

export function eventStoreContract(name: string, make: () => Promise<EventStoreHarness>): void {
  describe(`event store contract: ${name}`, () => {
    let harness: EventStoreHarness;
    let store: EventStore;
    beforeEach(async () => {
      harness = await make();
      store = harness.store;
    });
    afterEach(() => harness.cleanup());

    const states = (): StateStore => {
      if (store.states === undefined) throw new Error("the store keeps no states");
      return store.states;
    };
    const give = (changes: Partial<StateChanges>, events: readonly AlertEvent[] = []) =>
      states().append(events, { edition: "run1", step: "change", rows: [], gone: [], ...changes });
    const all = (rows: readonly StateRow[], edition = "run1") => give({ edition, step: "last", rows });
    const rows = () => states().read({ limit: 100 });
    const hosts = async () => (await rows()).map(({ host }) => host);
    const sequences = async () => (await store.read({ limit: 100 })).map(({ sequence }) => sequence);

    test("events come back newest first, each sequence once", async () => {
      await store.append([event(1), event(2)]);
      await store.append([event(2, "other"), event(3)]);
      expect(await store.read({ limit: 2 })).toEqual([event(3), event(2)]);
      expect(await sequences()).toEqual([3, 2, 1]);
    });

    test("a row comes back as it was, whatever its names", async () => {
      const odd = { cluster: "'; --", trigger: "ö\u0001", task: "7-run/🐧" };
      const wanted = [row("node1", "{}"), row('"', "\u2028 <b>", { ...odd, kind: "command", timeMs: 0 })];
      expect(await all(wanted)).toBe(true);
      expect(await rows()).toEqual([...wanted].reverse());
    });

    test("rows are read in the order of their keys, piece by piece", async () => {
      const wanted = [
        row("", "{}", { cluster: "a", trigger: "", kind: "judged" }),
        row("node1", "{}", { cluster: "a" }),
        row("node1", "{}", { cluster: "a", task: "1" }),
        row("node2", "{}", { cluster: "a" }),
        row("node1", "{}", { cluster: "a", trigger: "warm" }),
        row("Z", "{}", { cluster: "b" }),
        row("a", "{}", { cluster: "b" }),
        row("ä", "{}", { cluster: "b" }),
      ];
      await all([...wanted].reverse());
      const read: StateRow[] = [];
      for (let after: StateKey | undefined; ; after = read.at(-1)) {
        const page = await states().read({ limit: 3, after: after && keyOf(after) });
        if (page.length === 0) break;
        expect(page.length).toBeLessThanOrEqual(3);
        read.push(...page);
      }
      expect(read).toEqual(wanted);
    });

    test.each([
      ["none", 0, 0],
      ["fewer than none", -1, 0],
      ["half of one", 1.5, 1],
      ["a limit that is no number", Number.NaN, 0],
      ["without end", Number.POSITIVE_INFINITY, 2],
    ])("reading rows: %s", async (_, limit, count) => {
      await all([row("node1"), row("node2")]);
      expect((await states().read({ limit })).length).toBe(count);
    });

    test("a change sets rows anew and takes rows away, with its events", async () => {
      await all([row("node1"), row("node2")]);
      const taken = await give({ rows: [row("node2", "new"), row("node3")], gone: [keyOf(row("node1"))] }, [event(1)]);
      expect(taken).toBe(true);
      expect(await rows()).toEqual([row("node2", "new"), row("node3")]);
      expect(await sequences()).toEqual([1]);
      await give({ gone: [keyOf(row("nobody"))] });
      expect(await hosts()).toEqual(["node2", "node3"]);
    });

    test("events and rows are one: where an event is refused no row changes", async () => {
      await all([row("node1")]);
      const bad = give({ rows: [row("node2")], gone: [keyOf(row("node1"))] }, [event(1), event(1.5)]);
      await expect(bad).rejects.toMatchObject({ code: "storage-bad-batch" });
      expect(await hosts()).toEqual(["node1"]);
      expect(await sequences()).toEqual([]);
    });

    test("a change of an edition whose rows are not here is passed over and said; its events are taken", async () => {
      expect(await give({ rows: [row("node1")] }, [event(1)])).toBe(false);
      await all([row("node2")], "run2");
      expect(await give({ rows: [row("node1")], gone: [keyOf(row("node2"))] }, [event(2)])).toBe(false);
      expect(await hosts()).toEqual(["node2"]);
      expect(await sequences()).toEqual([2, 1]);
    });

    test("the rows of an edition before stay until all of the new one's are here, then they go", async () => {
      await all([row("node1"), row("node2"), row("node3")]);
      expect(await give({ edition: "run2", step: "part", rows: [row("node3", "new"), row("node4")] })).toBe(true);
      expect(await hosts()).toEqual(["node1", "node2", "node3", "node4"]);
      expect(await give({ edition: "run2", rows: [row("node9")] })).toBe(false);
      await all([row("node5")], "run2");
      expect(await rows()).toEqual([row("node3", "new"), row("node4"), row("node5")]);
      expect(await give({ edition: "run2", rows: [row("node6")] })).toBe(true);
      expect(await give({ edition: "run1", rows: [row("node7")] })).toBe(false);
    });

    test("all rows may be none", async () => {
      await all([row("node1")]);
      await all([], "run2");
      expect(await rows()).toEqual([]);
      expect(await give({ edition: "run2", rows: [row("node2")] })).toBe(true);
    });

    test("rows, events and whose they are survive a restart", async () => {
      await all([row("node1")]);
      await give({ rows: [row("node2")] }, [event(1)]);
      store = await harness.reopen();
      expect(await rows()).toEqual([row("node1"), row("node2")]);
      expect(await sequences()).toEqual([1]);
      expect(await give({ gone: [keyOf(row("node1"))] })).toBe(true);
      expect(await hosts()).toEqual(["node2"]);
    });
  });
}
