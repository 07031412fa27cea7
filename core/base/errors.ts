/**
 * Errors a person will read. The message names the action, the value and what
 * was expected; the class says what the process does about it.
 */

/** Exit codes of every command. */
export const EXIT = Object.freeze({ ok: 0, runtime: 1, usage: 2, config: 78 });

/** An expected failure: printed as one line, without a stack. */
export class GrateError extends Error {
  override readonly name: string = "GrateError";
  readonly exitCode: number = EXIT.runtime;
}

/** The command line is wrong. */
export class UsageError extends GrateError {
  override readonly name = "UsageError";
  override readonly exitCode = EXIT.usage;
}

/** One fault of a configuration file; lines and columns count from 1. */
export interface ConfigFault {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What is wrong and what was expected. */
  readonly message: string;
}

/** The configuration is wrong; all faults are told at once, one line each. */
export class ConfigError extends GrateError {
  override readonly name = "ConfigError";
  override readonly exitCode = EXIT.config;
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    super(faults.map((fault) => `${fault.file}:${fault.line}:${fault.column}: ${fault.message}`).join("\n"));
    this.faults = faults;
  }
}

/** @returns the message of anything thrown, on one line */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replaceAll(/\s*\n\s*/g, " ");
}

/** @returns a system error's code such as ECONNREFUSED, "" for anything else */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : "";
}
