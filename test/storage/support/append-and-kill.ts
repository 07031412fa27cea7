/** A process that appends numbered batches and prints the number of each that was acknowledged, killed at some moment. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect } from "vitest";

export interface KillOrder {
  /** The program; the first number stands in its environment as FIRST. */
  readonly child: string;
  readonly first: number;
  /** After so many of them ... */
  readonly acknowledgements: number;
  /** ... and so long. */
  readonly delayMs: number;
}

/** @returns the number of batches that are acknowledged, those before included */
export async function appendAndKill({ child: program, first, acknowledgements, delayMs }: KillOrder): Promise<number> {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, FIRST: String(first) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let acknowledged = first;
  for await (const line of createInterface({ input: child.stdout })) {
    expect(Number(line)).toBe(acknowledged);
    acknowledged++;
    if (acknowledged === first + acknowledgements) setTimeout(() => child.kill("SIGKILL"), delayMs);
  }
  expect((await exited)[1]).toBe("SIGKILL");
  return acknowledged;
}
