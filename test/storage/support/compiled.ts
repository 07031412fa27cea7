/**
 * Threads and child processes cannot load TypeScript, so tests that need one
 * compile what it imports: file by file, types stripped, into a directory of their
 * own. Always from the sources of this moment; a build in dist/ may be older.
 */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import ts from "typescript";
import { temporaryDirectory } from "./temporary.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

export interface Compiled {
  /** @param source path from the root of the project, as given to compile */
  url(source: string): URL;
  remove(): void;
}

/** @param sources paths from the root of the project; what they import by relative path comes along */
export function compile(...sources: string[]): Compiled {
  const directory = temporaryDirectory();
  writeFileSync(join(directory.path, "package.json"), '{ "type": "module" }');
  symlinkSync(join(ROOT, "node_modules"), join(directory.path, "node_modules"));
  const done = new Set<string>();
  const compileOne = (file: string) => {
    if (done.has(file)) return;
    done.add(file);
    const text = readFileSync(file, "utf8");
    const target = join(directory.path, relative(ROOT, file)).replace(/\.ts$/, ".js");
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, ts.transpileModule(text, { compilerOptions: OPTIONS, fileName: file }).outputText);
    for (const { fileName } of ts.preProcessFile(text).importedFiles) {
      const imported = resolve(dirname(file), fileName.replace(/\.js$/, ".ts"));
      // Packages are found through the link.
      if (fileName.startsWith(".") && existsSync(imported)) compileOne(imported);
    }
  };
  for (const source of sources) compileOne(resolve(ROOT, source));
  return {
    url: (source) => pathToFileURL(join(directory.path, source.replace(/\.ts$/, ".js"))),
    remove: () => directory.remove(),
  };
}

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ES2022,
  verbatimModuleSyntax: true,
};
