/** The real rrdtool as a co-process: one line in, its answer out. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { findProgram } from "../../../setup/peers.mjs";
import { type Answer, answerOf } from "./our-pipe.js";

export const RRDTOOL = findProgram("rrdtool");

export class Rrdtool {
  readonly #child: ChildProcessWithoutNullStreams;
  #received = "";
  #ended: string | undefined;
  #waiting: ((answer: Answer) => void) | undefined;

  /** @param directory where relative names of files begin */
  constructor(directory: string) {
    this.#child = spawn(RRDTOOL ?? "rrdtool", ["-"], {
      cwd: directory,
      env: { ...process.env, LC_ALL: "C", RRDCACHED_ADDRESS: "" },
    });
    // Its standard error is where the library warns; the answers are on standard output.
    this.#child.stdout.setEncoding("latin1").on("data", (text: string) => {
      this.#received += text;
      if (!/(?:^|\n)(?:OK u:|ERROR: )[^\n]*\n$/.test(this.#received)) return;
      const answer = answerOf(this.#received);
      this.#received = "";
      this.#waiting?.(answer);
    });
    this.#child.once("exit", (code, signal) => {
      this.#ended = `(rrdtool ended with ${code ?? signal})`;
      this.#waiting?.({ output: this.#received, verdict: this.#ended });
    });
  }

  /** After its end it answers with that. */
  ask(line: string): Promise<Answer> {
    if (this.#ended !== undefined) return Promise.resolve({ output: "", verdict: this.#ended });
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#child.stdin.write(`${line}\n`, "utf8");
    });
  }

  async end(): Promise<void> {
    if (this.#ended !== undefined) return;
    this.#child.stdin.end();
    await once(this.#child, "exit");
  }
}
