import { describe, expect, it } from "vitest";
import { ClusterDirectory } from "../../../../../core/model/directory.js";
import type { MetricMeta } from "../../../../../core/model/metric.js";
import { ClusterMemory, type ElementPlace } from "../../../../../core/wire/ganglia/xml/cluster-memory.js";
import { openDocument } from "../../../../../core/wire/ganglia/xml/octets.js";

const META: MetricMeta = { name: "m", type: "float", units: "", slope: "both", tmaxS: 0, dmaxS: 0, extra: [] };

/** An element whose values stand where "|" marks them. */
function element(text: string): { document: ReturnType<typeof openDocument>; place: ElementPlace } {
  const [prefix = "", first = "", middle = "", second = ""] = text.split("|");
  const octets = Buffer.from(text.replaceAll("|", ""));
  const firstEnd = prefix.length + first.length;
  const secondEnd = firstEnd + middle.length + second.length;
  return {
    document: openDocument(octets),
    place: {
      start: 0,
      firstStart: prefix.length,
      firstEnd,
      secondStart: firstEnd + middle.length,
      secondEnd,
      end: octets.length,
    },
  };
}

const metricElement = (units: string, value = "1") =>
  element(`<METRIC NAME="m" VAL="|${value}|" UNITS="${units}" TN="|5|">\n</METRIC>\n`);

function learn(memory: ClusterMemory, units: string, value?: string) {
  const { document, place } = metricElement(units, value);
  return memory.learn(document, place, 0, META);
}

const memoryOf = (octetsMax: number) => new ClusterMemory(new ClusterDirectory("c"), "test", octetsMax);

describe("ClusterMemory", () => {
  it("knows a template again whatever the value, and tells others apart", () => {
    const memory = memoryOf(10_000);
    const first = learn(memory, "C");
    expect(learn(memory, "C", "-22.5")).toBe(first);
    expect(learn(memory, "F")).not.toBe(first);
    const { document } = metricElement("C", "7");
    expect(memory.candidates(document.octets, 0)).toHaveLength(2);
    expect(memory.candidates(Buffer.from('<METRIC NAME="n" '), 0)).toBe(undefined);
  });

  it("learns nothing more where there is no room", () => {
    const memory = memoryOf(100);
    expect(learn(memory, "C")).toBeDefined();
    expect(learn(memory, "F")).toBe(undefined);
    expect(memory.store.used).toBeLessThanOrEqual(100);
  });

  it("does not fill up with what never comes again", () => {
    const memory = memoryOf(64 * 1_024 * 1_024);
    let most = 0;
    for (let document = 1; document <= 500; document++) {
      learn(memory, `${document}`.padEnd(16_000, "u"));
      memory.tidy(document, 0);
      most = Math.max(most, memory.store.used);
    }
    // Twice what one document needs, and the megabyte that is not worth starting anew for.
    expect(most).toBeLessThan(1_200_000);
    expect(most).toBeGreaterThan(1_000_000);
  });
});
