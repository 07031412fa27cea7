/** What the pages weigh over the network, packed. Budget: first view of the overview 60 kB, everything 100 kB. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, test } from "vitest";

const FIRST_VIEW_BYTES_MAX = 60_000;
const ALL_BYTES_MAX = 100_000;
/** Loaded when a chart comes into view. */
const LAZY = /^time-chart-/;

test("weight of the pages", { timeout: 60_000 }, async () => {
  const outDir = mkdtempSync(join(tmpdir(), "grate-weight-"));
  try {
    const configFile = join(import.meta.dirname, "../../vite.config.ts");
    await build({ configFile, logLevel: "error", build: { outDir, emptyOutDir: true } });
    const files = ["index.html", ...readdirSync(join(outDir, "assets")).map((name) => join("assets", name))]
      .filter((name) => !/\.(gz|br)$/.test(name))
      .map((name) => ({ name, content: readFileSync(join(outDir, name)) }));
    const rows = files.map(({ name, content }) => ({
      name: name.replace(/^assets\//, ""),
      plain: content.length,
      gzip: gzipSync(content, { level: 9 }).length,
      brotli: brotliCompressSync(content).length,
    }));
    const sum = (some: typeof rows) => some.reduce((total, row) => total + row.gzip, 0);
    const first = sum(rows.filter((row) => !LAZY.test(row.name)));
    const all = sum(rows);
    const line = (name: string, ...cells: (number | string)[]) =>
      process.stdout.write(`${name.padEnd(28)}${cells.map((cell) => String(cell).padStart(9)).join("")}\n`);
    line("file", "plain", "gzip", "brotli");
    for (const row of rows) line(row.name, row.plain, row.gzip, row.brotli);
    process.stdout.write(`first view ${first} bytes gzip, budget ${FIRST_VIEW_BYTES_MAX}\n`);
    process.stdout.write(`everything ${all} bytes gzip, budget ${ALL_BYTES_MAX}\n`);
    expect(first).toBeLessThan(FIRST_VIEW_BYTES_MAX);
    expect(all).toBeLessThan(ALL_BYTES_MAX);
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
});
