/** A program in a namespace that answers on stdout to lines on stdin. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface Talking {
  readonly pid: number;
  /** Waits for a line that begins with the word. @returns the rest of it */
  line(word: string): Promise<string>;
  /** Says a line and waits for an answer that begins with the word. @returns the rest of it */
  ask(line: string, word: string): Promise<string>;
  end(): Promise<void>;
}

export function startTalking(program: string, args: readonly string[], namespace: string): Talking {
  const child = spawn("ip", ["netns", "exec", namespace, program, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "close");
  // A program that ends while it is told something is found out by its missing answer.
  child.stdin.on("error", () => {});
  const lines: string[] = [];
  let wake = () => {};
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    wake();
  });
  const line = async (word: string): Promise<string> => {
    for (;;) {
      for (let next = lines.shift(); next !== undefined; next = lines.shift()) {
        if (next === word || next.startsWith(`${word} `)) return next.slice(word.length + 1);
      }
      const heard = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const gone = ended.then(() => Promise.reject(new Error(`${program} ended before it said "${word}"`)));
      await Promise.race([heard, gone]);
    }
  };
  return {
    pid: child.pid as number,
    line,
    ask(text, word) {
      child.stdin.write(`${text}\n`);
      return line(word);
    },
    async end() {
      child.kill();
      await ended;
    },
  };
}
