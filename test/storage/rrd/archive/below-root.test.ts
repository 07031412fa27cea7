/** No path leads out of the directory of RRD files. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requireBelow } from "../../../../storage/rrd/archive/below-root.js";

describe("a path below the root", () => {
  let base: string;
  let root: string;
  beforeAll(() => {
    base = mkdtempSync(join(tmpdir(), "grate-below-root-"));
    root = join(base, "rrds");
    mkdirSync(join(root, "khab", "n1"), { recursive: true });
    mkdirSync(join(base, "rrds-old", "n1"), { recursive: true });
    symlinkSync(root, join(base, "link-to-root"));
    symlinkSync(join(root, "khab"), join(root, "inside"));
    symlinkSync("../rrds-old", join(root, "old"));
    symlinkSync("/nowhere/at/all", join(root, "dangling"));
    symlinkSync("round", join(root, "round"));
  });
  afterAll(() => rmSync(base, { recursive: true, force: true }));

  test.each(["khab/n1", "khab/not-yet", "not/yet", "inside/n1", "khab/..x", "khab/n1/../n2"])("%s is taken", (path) => {
    expect(() => requireBelow(root, `${root}/${path}`, 2)).not.toThrow();
  });

  test("a root that is reached by a link is as good", () => {
    expect(() => requireBelow(join(base, "link-to-root"), join(base, "link-to-root/khab/n1"), 2)).not.toThrow();
  });

  test.each([
    ["..", "it is not below"],
    ["../rrds-old/n1", "it is not below"],
    ["khab/../../other", "it is not below"],
    ["khab", "it is not below"],
    ["", "it is not below"],
    ["old/n1", "it leads to"],
    ["old/not-yet", "it leads to"],
    ["dangling/n1", "it leads to"],
    ["round/n1", "cannot resolve"],
  ])("%j is refused", (path, why) => {
    expect(() => requireBelow(root, `${root}/${path}`, 2)).toThrow(why);
  });
});
