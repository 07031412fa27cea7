/** Debian's Chromium, started inside a namespace, driven by playwright-core. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { findProgram } from "../../setup/peers.mjs";

/** Without these Chromium looks for hosts of its maker all the time. */
export const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function launchBrowser(namespace: string, folder: string): Promise<Browser> {
  const wrapper = join(folder, "chromium-in-namespace");
  writeFileSync(wrapper, `#!/bin/sh\nexec ip netns exec ${namespace} ${findProgram("chromium") ?? "chromium"} "$@"\n`);
  chmodSync(wrapper, 0o755);
  return chromium.launch({ executablePath: wrapper, args: CHROMIUM_FLAGS });
}
