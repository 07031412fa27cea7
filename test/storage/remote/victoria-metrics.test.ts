/** The archive contract with a real VictoriaMetrics behind it. */
import { afterAll, describe, expect, test } from "vitest";
import { archiveContract } from "../../contract/archive-contract.js";
import { temporaryDirectory } from "../support/temporary.js";
import { delivered, openRemote, remoteConfig } from "./support/remote.js";
import { missing, type Server, startVictoriaMetrics } from "./support/servers.js";

const fault = missing("victoria-metrics");

describe.skipIf(fault !== undefined)(`VictoriaMetrics${fault === undefined ? "" : ` (${fault})`}`, () => {
  const data = temporaryDirectory();
  let starting: Promise<Server> | undefined;
  const server = () => {
    starting ??= startVictoriaMetrics(data.path);
    return starting;
  };
  afterAll(async () => {
    await (await starting)?.stop();
    data.remove();
  });

  let runs = 0;

  archiveContract("remote, VictoriaMetrics", async () => {
    const { url } = await server();
    const directory = temporaryDirectory();
    // Each test sees its own series only.
    const config = remoteConfig({ write: `${url}/api/v1/write`, query: url, labels: { run: String(++runs) } });
    const archives = [openRemote(directory.path, config)];
    const newest = () => archives.at(-1) as (typeof archives)[number];
    const settle = async () => {
      await delivered(newest());
      expect((await fetch(`${url}/internal/force_flush`)).status).toBe(200);
    };
    return {
      archive: newest(),
      settle,
      reopen: async () => {
        archives.push(openRemote(directory.path, config));
        await settle();
        return newest();
      },
      cleanup: async () => {
        for (const archive of archives) await archive.close();
        directory.remove();
      },
    };
  });

  test("the server was asked", async () => {
    expect(runs).toBeGreaterThan(50);
  });
});
