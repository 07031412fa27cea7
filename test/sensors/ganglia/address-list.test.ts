import { describe, expect, it } from "vitest";
import type { Address } from "../../../core/base/address.js";
import { AddressList } from "../../../sensors/ganglia/address-list.js";

const A: Address = { host: "a", port: 8649 };
const B: Address = { host: "b", port: 8649 };
const C: Address = { host: "c", port: 8649 };

const namesOf = (addresses: readonly Address[]) => addresses.map((address) => address.host).join("");

describe("AddressList", () => {
  it("begins with the first and then the others in their order", () => {
    expect(namesOf(new AddressList([A, B, C]).candidates())).toBe("abc");
  });

  it("keeps to the one that answered", () => {
    const list = new AddressList([A, B, C]);
    list.candidates();
    list.succeeded(C);
    expect(list.current).toBe(C);
    expect(namesOf(list.candidates())).toBe("cab");
  });

  it("tries the preferred one again on every twentieth poll", () => {
    const list = new AddressList([A, B, C]);
    list.candidates();
    list.succeeded(B);
    const orders = Array.from({ length: 40 }, () => {
      const order = namesOf(list.candidates());
      list.succeeded(B);
      return order;
    });
    expect(orders).toEqual(Array.from({ length: 40 }, (_, i) => (i % 20 === 19 ? "abc" : "bac")));
  });

  it("stays with the preferred one when it is back", () => {
    const list = new AddressList([A, B, C]);
    list.candidates();
    list.succeeded(B);
    for (let i = 0; i < 20; i++) list.candidates();
    list.succeeded(A);
    expect(Array.from({ length: 30 }, () => namesOf(list.candidates()))).toEqual(Array(30).fill("abc"));
  });

  it("counts anew after it has moved on to another stand-in", () => {
    const list = new AddressList([A, B, C]);
    list.candidates();
    list.succeeded(B);
    for (let i = 0; i < 15; i++) list.candidates();
    list.succeeded(C);
    const orders = Array.from({ length: 20 }, () => namesOf(list.candidates()));
    expect(orders.indexOf("acb")).toBe(19);
  });

  it("works with one", () => {
    const list = new AddressList([A]);
    list.candidates();
    list.succeeded(A);
    expect(list.candidates()).toEqual([A]);
  });

  it("refuses to be empty, and addresses that it does not have", () => {
    expect(() => new AddressList([])).toThrow("BUG: a list of addresses has none");
    expect(() => new AddressList([A]).succeeded(B)).toThrow("BUG: an address succeeded that is not in the list");
  });
});
