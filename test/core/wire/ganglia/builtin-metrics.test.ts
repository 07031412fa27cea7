import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { BUILTIN_METRICS, builtinMeta } from "../../../../core/wire/ganglia/builtin-metrics.js";
import { PacketDecoder } from "../../../../core/wire/ganglia/packets.js";

describe("BUILTIN_METRICS", () => {
  const byName = new Map(BUILTIN_METRICS.map((builtin) => [builtin.name, builtin]));

  it("names each metric once", () => {
    expect(byName.size).toBe(BUILTIN_METRICS.length);
  });

  it("says the same as the metadata that a gmond 3.7.2 sends", () => {
    const decoder = new PacketDecoder();
    const compared = new Set<string>();
    for (const line of readFileSync("test/fixtures/ganglia-3.7.2/multicast-8649.jsonl", "utf8").trim().split("\n")) {
      const { meta } = decoder.decode(Buffer.from((JSON.parse(line) as { hex: string }).hex, "hex"));
      const builtin = byName.get(meta?.name ?? "");
      if (meta === undefined || builtin === undefined) continue;
      const group = meta.extra.filter(([key]) => key === "GROUP");
      expect({ ...meta, extra: group }).toEqual(builtinMeta(builtin));
      compared.add(meta.name);
    }
    expect([...compared].sort()).toEqual(
      expect.arrayContaining(["boottime", "cpu_idle", "disk_free", "heartbeat", "load_one", "location", "os_name"]),
    );
    expect(compared.size).toBeGreaterThan(30);
  });
});
