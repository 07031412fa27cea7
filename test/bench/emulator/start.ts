/** Starts the emulator as a process of its own: its CPU is not in the figures of what is measured. */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { compile } from "../../storage/support/compiled.js";
import { eventually } from "../../support/rig/eventually.js";
import { type Running, type StartOptions, startProcess } from "../../support/rig/process.js";
import type { Orders } from "./main.js";

export const TEMPLATE = resolve(import.meta.dirname, "../../fixtures/ganglia-3.7.2/gmond-8649.xml");

/** Printed with every figure: the same seed gives the same documents. */
export const SEED = Number(process.env["SEED"] ?? 20061127);

export type EmulatorOrders = Omit<Orders, "template" | "intervalS" | "seed" | "fresh" | "name" | "writes"> &
  Partial<Orders>;

export async function startEmulator(orders: EmulatorOrders, options: StartOptions = {}): Promise<Running> {
  const compiled = compile("test/bench/emulator/main.ts");
  const main = fileURLToPath(compiled.url("test/bench/emulator/main.ts"));
  const all: Orders = {
    template: TEMPLATE,
    name: "emulated",
    seed: SEED,
    intervalS: 15,
    fresh: "all",
    writes: "whole",
    ...orders,
  };
  const running = startProcess(process.execPath, [main, JSON.stringify(all)], options);
  void running.ended.then(() => compiled.remove());
  await eventually("the emulator serves", 60_000, () => {
    if (running.child.exitCode !== null) throw new Error(running.stderr());
    expect(running.stdout()).toContain("ready");
  });
  return running;
}
