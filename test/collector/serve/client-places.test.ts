import { describe, expect, test } from "vitest";
import { ClientPlaces } from "../../../collector/serve/client-places.js";

/** Takes until there is no more. @returns what gives each place back */
function takeAll(places: ClientPlaces, address: string): (() => void)[] {
  const taken: (() => void)[] = [];
  for (let give = places.take(address); give !== undefined; give = places.take(address)) taken.push(give);
  return taken;
}

describe("of 64 places", () => {
  test("this machine may have all", () => expect(takeAll(new ClientPlaces(64), "127.0.0.1")).toHaveLength(64));
  test("this machine may have all, by IPv6", () => expect(takeAll(new ClientPlaces(64), "::1")).toHaveLength(64));
  test("another machine may have half", () => expect(takeAll(new ClientPlaces(64), "10.0.0.7")).toHaveLength(32));

  test("all others together leave eight to this machine", () => {
    const places = new ClientPlaces(64);
    const counts = ["10.0.0.7", "10.0.0.8", "fd00::9"].map((address) => takeAll(places, address).length);
    expect(counts).toEqual([32, 24, 0]);
    expect(takeAll(places, "127.0.0.2")).toHaveLength(8);
    expect(places.taken).toBe(64);
  });

  test("a place that was given back is there again, once", () => {
    const places = new ClientPlaces(64);
    const [give] = takeAll(places, "10.0.0.7");
    give?.();
    give?.();
    expect(places.taken).toBe(31);
    expect(takeAll(places, "10.0.0.7")).toHaveLength(1);
  });
});

test("a single place is for whoever comes first", () => {
  const places = new ClientPlaces(1);
  expect(takeAll(places, "10.0.0.7")).toHaveLength(1);
  expect(places.take("127.0.0.1")).toBeUndefined();
});
