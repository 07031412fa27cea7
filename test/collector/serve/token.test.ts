import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readOrCreateToken, readToken, sameToken, TOKEN_FILE } from "../../../collector/serve/token.js";

let dir: string;
let file: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "grate-token-"));
  file = join(dir, TOKEN_FILE);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test("the first start makes a token that only its owner can read, the next one finds it", async () => {
  const token = await readOrCreateToken(dir);
  expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(file, "utf8")).toBe(`${token}\n`);
  expect(await readOrCreateToken(dir)).toBe(token);
  expect(await readToken(file)).toBe(token);
  expect(await readdir(dir)).toEqual([TOKEN_FILE]);
});

test("two starts in two places make two tokens", async () => {
  const other = await mkdtemp(join(tmpdir(), "grate-token-"));
  expect(await readOrCreateToken(other)).not.toBe(await readOrCreateToken(dir));
  await rm(other, { recursive: true });
});

test("a draft that a crash left behind is written over, whatever its mode", async () => {
  await writeFile(`${file}.new`, "half", { mode: 0o644 });
  const token = await readOrCreateToken(dir);
  expect(await readToken(file)).toBe(token);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("a token of one's own is taken, also where a group may read it", async () => {
  await writeFile(file, `${"k".repeat(40)}\n`, { mode: 0o640 });
  expect(await readOrCreateToken(dir)).toBe("k".repeat(40));
});

describe("a file that cannot be the token is refused, not replaced", () => {
  test.each([
    ["empty", ""],
    ["too short", "abc"],
    ["more than a token", `${"k".repeat(40)} ${"k".repeat(40)}`],
    ["no text", "\u0000".repeat(40)],
  ])("%s", async (_what, text) => {
    await writeFile(file, text, { mode: 0o600 });
    await expect(readOrCreateToken(dir)).rejects.toThrow(`${file} holds no token`);
    expect(await readFile(file, "utf8")).toBe(text);
  });

  test("open to everybody", async () => {
    await readOrCreateToken(dir);
    await chmod(file, 0o644);
    await expect(readOrCreateToken(dir)).rejects.toThrow(`${file} can be read by everybody, expected mode 0600`);
  });
});

test("a directory that is not there is said to be the matter", async () => {
  await expect(readOrCreateToken(join(dir, "nosuch"))).rejects.toThrow(
    `cannot make ${join(dir, "nosuch", TOKEN_FILE)}`,
  );
});

test.each([
  ["abc", "abc", true],
  ["abc", "abd", false],
  ["abc", "abcd", false],
  ["", "abc", false],
])("%j and %j are the same: %s", (given, expected, same) => {
  expect(sameToken(given, expected)).toBe(same);
});
