/** Options of commands, anywhere among the arguments, in short and in long form. */
import { RrdError } from "../rrd-error.js";

export interface OptionRule {
  readonly short?: string;
  readonly takesValue: boolean;
}

/** By long name. */
export type OptionRules = Readonly<Record<string, OptionRule>>;

interface GivenOption {
  readonly name: string;
  /** "" for an option without value. */
  readonly value: string;
}

export interface Arguments {
  readonly operands: readonly string[];
  /** In the order given. */
  readonly options: readonly GivenOption[];
}

/** @param words of the command line after the name of the command @throws RrdError */
export function parseOptions(words: readonly string[], rules: OptionRules): Arguments {
  const operands: string[] = [];
  const options: GivenOption[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (word === "--") {
      operands.push(...words.slice(i + 1));
      break;
    }
    if (word.startsWith("--")) {
      const at = word.indexOf("=");
      const name = at < 0 ? word.slice(2) : word.slice(2, at);
      const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
      if (rule === undefined) throw new RrdError(`invalid option -- '${name}'`);
      let value = at < 0 ? "" : word.slice(at + 1);
      if (rule.takesValue && at < 0) {
        const next = words[++i];
        if (next === undefined) throw new RrdError(`option requires argument -- '${name}'`);
        value = next;
      }
      options.push({ name, value });
    } else if (word.startsWith("-") && word.length > 1) {
      i += parseCluster(word, words[i + 1], rules, options);
    } else operands.push(word);
  }
  return { operands, options };
}

/** Several short options in one word; the last may have its value in it or after it. @returns further words used */
function parseCluster(word: string, next: string | undefined, rules: OptionRules, options: GivenOption[]): number {
  for (let at = 1; at < word.length; at++) {
    const letter = word[at] as string;
    const found = Object.entries(rules).find(([, { short }]) => short === letter);
    if (found === undefined) throw new RrdError(`invalid option -- '${letter}'`);
    const [name, { takesValue }] = found;
    if (!takesValue) {
      options.push({ name, value: "" });
      continue;
    }
    const rest = word.slice(at + 1);
    if (rest !== "") options.push({ name, value: rest });
    else if (next === undefined) throw new RrdError(`option requires an argument -- '${letter}'`);
    else options.push({ name, value: next });
    return rest === "" ? 1 : 0;
  }
  return 0;
}

/** @returns the value given last, undefined if the option is not there */
export function lastValue({ options }: Arguments, name: string): string | undefined {
  return options.findLast((option) => option.name === name)?.value;
}

/** @throws RrdError for options that stand in the rules so that their absence can be explained */
export function refuseDaemon(given: Arguments): void {
  if (given.options.some(({ name }) => name === "daemon")) {
    throw new RrdError("--daemon is not supported: expected a file that is reached directly");
  }
}
