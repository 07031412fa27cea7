/**
 * The protocol of `rrdtool -`: a command a line, answered by what it prints and a line that
 * begins with OK or ERROR, so that programs that drive rrdtool through a pipe can drive us.
 */
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { systemFault } from "../file/system-fault.js";
import { RrdError } from "../rrd-error.js";
import type { CommandContext } from "./command.js";
import { COMMANDS } from "./list.js";

/** A longer line is answered with an error. A command of 1 MB has some 20,000 readings. */
export const LINE_LENGTH_MAX = 1_048_576;

/** Seconds that the pipe has cost and has lived. */
export interface PipeTimes {
  readonly userS: number;
  readonly systemS: number;
  readonly realS: number;
}

export interface PipeOptions {
  readonly context: Omit<CommandContext, "resolvePath">;
  /** Relative names of files begin here, until "cd". */
  readonly directory: string;
  times(): PipeTimes;
}

export class RrdPipe {
  readonly #options: PipeOptions;
  #directory: string;

  constructor(options: PipeOptions) {
    this.#options = options;
    this.#directory = options.directory;
  }

  /** @returns what to write; undefined if the pipe is to be closed */
  answer(line: string): string | undefined {
    try {
      if (line.length > LINE_LENGTH_MAX) throw new RrdError(`the line has more than ${LINE_LENGTH_MAX} characters`);
      const words = splitWords(line.replace(/\r$/, ""));
      if (words === undefined) throw new RrdError("creating arguments");
      const [name, ...rest] = words;
      if (name === "quit") return undefined;
      return `${this.#run(name, rest)}${this.#ok()}`;
    } catch (error) {
      if (!(error instanceof RrdError)) throw error;
      return `${error.output}ERROR: ${error.message}\n`;
    }
  }

  #run(name: string | undefined, words: readonly string[]): string {
    if (name === undefined) return `Commands: ${[...COMMANDS.keys()].join(", ")}, ls, cd, mkdir, pwd, quit\n`;
    const command = COMMANDS.get(name);
    if (command !== undefined) {
      return command(words, { ...this.#options.context, resolvePath: (path) => resolve(this.#directory, path) });
    }
    const [path, ...more] = words;
    if (["cd", "mkdir"].includes(name) && (path === undefined || more.length > 0)) {
      throw new RrdError(`invalid parameter count for ${name}`);
    }
    try {
      return this.#runRemote(name, path ?? "");
    } catch (error) {
      throw error instanceof RrdError ? error : new RrdError(`${name} ${path ?? ""}: ${systemFault(error)}`);
    }
  }

  #runRemote(name: string, path: string): string {
    switch (name) {
      case "pwd":
        return `${this.#directory}\n`;
      case "ls":
        return readdirSync(this.#directory, { withFileTypes: true })
          .filter((entry) => entry.isDirectory() || entry.name.endsWith(".rrd"))
          .map((entry) => `${entry.isDirectory() ? "d" : "-"} ${entry.name}\n`)
          .join("");
      case "cd": {
        const directory = resolve(this.#directory, path);
        if (!statSync(directory).isDirectory()) throw new RrdError(`cd ${path}: Not a directory`);
        this.#directory = directory;
        return "";
      }
      case "mkdir":
        mkdirSync(resolve(this.#directory, path));
        return "";
      default:
        throw new RrdError(`unknown function '${name}'`);
    }
  }

  #ok(): string {
    const { userS, systemS, realS } = this.#options.times();
    return `OK u:${userS.toFixed(2)} s:${systemS.toFixed(2)} r:${realS.toFixed(2)}\n`;
  }
}

/**
 * Splits at blanks, except within quotes of either kind.
 * @returns undefined if a quote is not closed
 */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word = "";
  let isInWord = false;
  let quote = "";
  for (const character of line) {
    if (quote !== "") {
      if (character === quote) quote = "";
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      isInWord = true;
    } else if (/\s/.test(character)) {
      if (isInWord) words.push(word);
      word = "";
      isInWord = false;
    } else {
      word += character;
      isInWord = true;
    }
  }
  if (quote !== "") return undefined;
  if (isInWord) words.push(word);
  return words;
}
