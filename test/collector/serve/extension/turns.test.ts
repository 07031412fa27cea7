import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { NoTurnError, Turns } from "../../../../collector/serve/extension/turns.js";

test("two at a time, the third when one of them is done, in order", async () => {
  const turns = new Turns(2, 9);
  const done: (() => void)[] = [];
  const begun: number[] = [];
  const all = [1, 2, 3, 4].map((n) =>
    turns.run(() => {
      begun.push(n);
      return new Promise<void>((resolve) => done.push(resolve));
    }),
  );
  await turn();
  expect(begun).toEqual([1, 2]);
  done[0]?.();
  await turn();
  expect(begun).toEqual([1, 2, 3]);
  done[1]?.();
  done[2]?.();
  await turn();
  done[3]?.();
  await Promise.all(all);
  expect(begun).toEqual([1, 2, 3, 4]);
  expect(await turns.run(async () => "free again")).toBe("free again");
});

test("who finds too many waiting is turned away", async () => {
  const turns = new Turns(1, 1);
  let finish = () => {};
  const first = turns.run(() => new Promise<void>((resolve) => (finish = resolve)));
  const second = turns.run(async () => "second");
  await expect(turns.run(async () => "third")).rejects.toThrow(NoTurnError);
  finish();
  await first;
  expect(await second).toBe("second");
});

test("work that fails gives its turn back", async () => {
  const turns = new Turns(1, 0);
  await expect(turns.run(() => Promise.reject(new Error("disk")))).rejects.toThrow("disk");
  expect(await turns.run(async () => "next")).toBe("next");
});
