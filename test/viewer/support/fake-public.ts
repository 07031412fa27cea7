/** A directory as `vite build` leaves it, without running it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

export const FAKE_PAGE = "<!doctype html><title>Grate</title><div id=app></div>";
export const FAKE_SCRIPT = `export const words = "${"much the same ".repeat(200)}";`;

export function makeFakePublic(): { readonly dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), "grate-public-"));
  mkdirSync(join(dir, "assets"));
  writeFileSync(join(dir, "index.html"), FAKE_PAGE);
  writeFileSync(join(dir, "assets", "index-abc.js"), FAKE_SCRIPT);
  writeFileSync(join(dir, "assets", "index-abc.js.gz"), gzipSync(FAKE_SCRIPT));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
