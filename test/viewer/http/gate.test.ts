import { expect, test } from "vitest";
import { Gate } from "../../../viewer/http/gate.js";

/** Work that ends when told. */
function task(): { run: () => Promise<string>; end: (text: string) => void; fail: () => void; started: () => boolean } {
  let settle: (text: string) => void = () => {};
  let refuse: (error: Error) => void = () => {};
  let started = false;
  const promise = new Promise<string>((resolve, reject) => {
    settle = resolve;
    refuse = reject;
  });
  return {
    run: () => {
      started = true;
      return promise;
    },
    end: (text) => settle(text),
    fail: () => refuse(new Error("failed")),
    started: () => started,
  };
}

test("so many at once, then in order, and a failure frees its place", async () => {
  const gate = new Gate(2, 2);
  const [a, b, c, d] = [task(), task(), task(), task()];
  const results = [a, b, c, d].map((one) => gate.run(one.run).catch((error: Error) => error.message));
  expect([a, b, c, d].map((one) => one.started())).toEqual([true, true, false, false]);
  a.fail();
  await results[0];
  await Promise.resolve();
  expect([c, d].map((one) => one.started())).toEqual([true, false]);
  b.end("b");
  c.end("c");
  d.end("d");
  expect(await Promise.all(results)).toEqual(["failed", "b", "c", "d"]);
  expect(await gate.run(() => Promise.resolve("again"))).toBe("again");
});

test("more than may wait is refused with a time to come back", async () => {
  const gate = new Gate(1, 1);
  const first = task();
  const running = gate.run(first.run);
  const waiting = gate.run(() => Promise.resolve("second"));
  await expect(gate.run(() => Promise.resolve("third"))).rejects.toMatchObject({
    status: 503,
    headers: { "retry-after": "1" },
  });
  first.end("first");
  expect(await Promise.all([running, waiting])).toEqual(["first", "second"]);
});
