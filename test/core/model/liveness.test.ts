import { expect, test } from "vitest";
import { isExpired, isHostUp, isStale } from "../../../core/model/liveness.js";

test.each([
  [0, 20, true],
  [79, 20, true],
  [79.999, 20, true],
  [80, 20, false],
  [100_000, 20, false],
  [239, 60, true],
  [240, 60, false],
  // No TMAX: the rule for sources older than 2.5.
  [59, 0, true],
  [60, 0, false],
  // A clock that ran backwards does not kill a host.
  [-5, 20, true],
])("a host silent for %d s with TMAX %d is up: %s", (silenceS, tmaxS, up) => {
  expect(isHostUp(silenceS, tmaxS)).toBe(up);
});

test.each([
  [279, 70, false],
  [280, 70, true],
  [1e9, 0, false],
])("a value %d s old with TMAX %d is stale: %s", (ageS, tmaxS, stale) => {
  expect(isStale(ageS, tmaxS)).toBe(stale);
});

test.each([
  [10, 0, false],
  [10, 10, false],
  [11, 10, true],
])("after %d s with DMAX %d it is forgotten: %s", (ageS, dmaxS, expired) => {
  expect(isExpired(ageS, dmaxS)).toBe(expired);
});
