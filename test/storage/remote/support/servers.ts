/** Real VictoriaMetrics and Prometheus on loopback ports of their own, ended by their process id. */
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { findProgram } from "../../../setup/peers.mjs";
import { eventually } from "../../../support/rig/eventually.js";
import { type Running, startProcess } from "../../../support/rig/process.js";

export interface Server {
  /** http://127.0.0.1:PORT */
  readonly url: string;
  readonly pid: number;
  /** Cleanly, as a system does: what a server loses by itself when it is killed is not ours to prove. */
  stop(): Promise<void>;
}

/** @returns why a test of the program is skipped; undefined where it is installed */
export function missing(program: string): string | undefined {
  return findProgram(program) === undefined ? `${program} is not installed` : undefined;
}

/** @param port a port of an earlier one with the same data; absent: any */
export function startVictoriaMetrics(data: string, port?: number): Promise<Server> {
  return started("victoria-metrics", "/health", port, (address) => [
    "-storageDataPath",
    join(data, "victoria"),
    "-httpListenAddr",
    address,
    // The samples of the tests are of 2023.
    "-retentionPeriod",
    "100y",
    "-memory.allowedBytes",
    "64MB",
  ]);
}

export function startPrometheus(data: string): Promise<Server> {
  const config = join(data, "prometheus.yml");
  writeFileSync(config, "global: {}\n");
  return started("prometheus", "/-/ready", undefined, (address) => [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(data, "prometheus")}`,
    `--web.listen-address=${address}`,
    "--web.enable-remote-write-receiver",
  ]);
}

async function started(
  program: string,
  readyPath: string,
  wantedPort: number | undefined,
  args: (address: string) => string[],
): Promise<Server> {
  const port = wantedPort ?? (await freePort());
  const running: Running = startProcess(findProgram(program) ?? program, args(`127.0.0.1:${port}`));
  const url = `http://127.0.0.1:${port}`;
  await eventually(
    `${program} answers`,
    15_000,
    async () => {
      if (running.child.exitCode !== null) throw new Error(running.stderr().slice(-500));
      const { status } = await fetch(`${url}${readyPath}`);
      if (status !== 200) throw new Error(`HTTP ${status}`);
    },
    50,
  );
  return {
    url,
    pid: running.child.pid as number,
    async stop() {
      await running.end();
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
