/** Runs a case with rrdtool and with our engine, in directories of their own, and compares after every command. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ourPipe } from "./our-pipe.js";
import type { RandomCase } from "./random-case.js";
import { difference, zeroCurrentRows } from "./rrd-file.js";
import { Rrdtool } from "./rrdtool.js";
import { isSameDump } from "./same-dump.js";

export class Comparison {
  readonly #root = mkdtempSync(join(tmpdir(), "grate-rrd-compare-"));
  readonly #ours = join(this.#root, "ours");
  readonly #theirs = join(this.#root, "theirs");
  readonly #rrdtool: Rrdtool;
  readonly #answer: ReturnType<typeof ourPipe>;
  commandCount = 0;

  constructor() {
    mkdirSync(this.#ours);
    mkdirSync(this.#theirs);
    this.#rrdtool = new Rrdtool(this.#theirs);
    this.#answer = ourPipe(this.#ours);
  }

  /** Both get the line. @returns what differs in the answers or in the files named, undefined if nothing does */
  async run(line: string, files: readonly string[] = ["x.rrd"]): Promise<string | undefined> {
    this.commandCount++;
    const ours = this.#answer(line);
    const theirs = await this.#rrdtool.ask(line);
    if (line.startsWith("create ")) for (const side of [this.#ours, this.#theirs]) zeroCurrentRows(join(side, "x.rrd"));
    if (ours.verdict !== theirs.verdict) return `${line}: we say ${ours.verdict}, rrdtool ${theirs.verdict}`;
    const isDump = line.startsWith("dump ");
    if (isDump ? !isSameDump(ours.output, theirs.output) : ours.output !== theirs.output)
      return `${line}: ${firstDifference(ours.output, theirs.output)}`;
    for (const file of files) {
      const fault = difference(readFileSync(join(this.#ours, file)), readFileSync(join(this.#theirs, file)));
      if (fault !== undefined) return `${line}: ${file}: ${fault}`;
    }
    return undefined;
  }

  /** @returns the first difference, undefined if there is none */
  async runCase({ create, commands, questions }: RandomCase): Promise<string | undefined> {
    const lines = [`create x.rrd ${create}`, ...commands, ...questions];
    for (const [i, line] of lines.entries()) {
      const fault = await this.run(line);
      if (fault !== undefined) return [fault, ...lines.slice(Math.max(0, i - 3), i), lines[0]].join("\n  after: ");
    }
    return undefined;
  }

  /** Paths of a file on both sides. */
  paths(file: string): [ours: string, theirs: string] {
    return [join(this.#ours, file), join(this.#theirs, file)];
  }

  async end(): Promise<void> {
    await this.#rrdtool.end();
    rmSync(this.#root, { recursive: true, force: true });
  }
}

function firstDifference(ours: string, theirs: string): string {
  const [a, b] = [ours.split("\n"), theirs.split("\n")];
  const at = b.findIndex((line, i) => line !== a[i]);
  return `line ${at + 1} is ${JSON.stringify(a[at])}, expected ${JSON.stringify(b[at])}`;
}
