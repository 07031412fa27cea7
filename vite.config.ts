/** Builds the browser part of the viewer: viewer/web -> dist/viewer/public. Run as `vite build`. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const OUT_DIR = join(import.meta.dirname, "dist/viewer/public");
const TEXT = /\.(?:html|js|css|svg)$/;
/** Smaller files fit in one packet as they are. */
const BYTES_MIN = 1_024;

/** Writes .gz and .br beside each text file, packed as tightly as it gets: it is done once. */
function precompress(): Plugin {
  let outDir = OUT_DIR;
  return {
    name: "precompress",
    apply: "build",
    configResolved({ root, build }) {
      outDir = resolve(root, build.outDir);
    },
    async closeBundle() {
      const files = await readdir(outDir, { recursive: true });
      await Promise.all(files.filter((file) => TEXT.test(file)).map((file) => pack(join(outDir, file))));
    },
  };
}

async function pack(path: string): Promise<void> {
  const content = await readFile(path);
  if (content.length < BYTES_MIN) return;
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  await writeFile(`${path}.gz`, await promisify(gzip)(content, { level: 9 }));
  await writeFile(`${path}.br`, await promisify(brotliCompress)(content, quality));
}

export default defineConfig({
  root: join(import.meta.dirname, "viewer/web"),
  publicDir: false,
  oxc: { jsx: { runtime: "automatic", importSource: "preact", development: false } },
  build: {
    outDir: OUT_DIR,
    emptyOutDir: true,
    target: ["chrome120", "firefox120", "safari17"],
    // An icon as data in the page would be one rule less strict for nothing.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  plugins: [precompress()],
});
