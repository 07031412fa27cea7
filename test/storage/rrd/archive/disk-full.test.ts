/** No space for a new file: the append is refused, nothing half-made is left, and given again with room it is kept. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { SeriesBatch } from "../../../../core/model/archive.js";
import { archivesOf } from "../../../../storage/rrd/archive/archives.js";
import { RrdArchive } from "../../../../storage/rrd/archive/rrd-archive.js";
import { VirtualClock } from "../../../support/virtual-clock.js";
import { mountTmpfs } from "../../support/tmpfs.js";
import { difference } from "../support/rrd-file.js";

const START_S = 1_700_000_100;
/** 8 * 40,000 + 744 octets a file: two have room, three have not; the third's first pieces have. */
const RRAS = ["RRA:AVERAGE:0.5:1:40000"];
const tmpfs = mountTmpfs(900 * 1024);
afterAll(() => tmpfs?.remove());

const batch = (metric: string): SeriesBatch => ({
  key: { cluster: "khab", host: "node1", metric },
  type: "float",
  units: "",
  series: {
    kind: "number",
    timesMs: Float64Array.of(START_S * 1_000, (START_S + 15) * 1_000),
    values: Float64Array.of(1, 2),
  },
});

test.skipIf(tmpfs === undefined)(
  "a file that has no room costs the append, and leaves nothing behind",
  { timeout: 60_000 },
  async () => {
    const directory = tmpfs?.path as string;
    const archive = new RrdArchive({
      directory,
      mode: "write",
      stepS: 15,
      archivesOf: (stepS) => archivesOf(RRAS, stepS),
      lowerCaseHosts: false,
      clock: new VirtualClock(),
      log: { info: () => {}, warn: () => {} },
      random: () => 0,
    });
    const folder = join(directory, "khab/node1");
    const filler = join(directory, "filler");
    writeFileSync(filler, new Uint8Array(100 * 1024));
    await archive.append([batch("a")]);
    await archive.append([batch("b")]);
    await expect(archive.append([batch("c")])).rejects.toMatchObject({ code: "storage-full" });
    expect(readdirSync(folder).sort()).toEqual(["a.rrd", "b.rrd"]);
    rmSync(join(folder, "b.rrd"));
    await archive.append([batch("c")]);
    expect(readdirSync(folder).sort()).toEqual(["a.rrd", "c.rrd"]);
    expect(difference(readFileSync(join(folder, "c.rrd")), readFileSync(join(folder, "a.rrd")))).toBeUndefined();
  },
);
