import { expect, test } from "vitest";
import { type MetricFamily, writeMetrics } from "../../../collector/serve/prometheus.js";

const family = (more: Partial<MetricFamily>): MetricFamily => ({
  name: "things_total",
  type: "counter",
  help: "Things.",
  samples: [],
  ...more,
});

test.each<[string, MetricFamily, string]>([
  [
    "a number alone",
    family({ samples: [{ value: 12 }] }),
    "# HELP grate_things_total Things.\n# TYPE grate_things_total counter\ngrate_things_total 12\n",
  ],
  [
    "labels",
    family({ type: "gauge", samples: [{ labels: { a: "1", b: "2" }, value: 0.5 }] }),
    '# HELP grate_things_total Things.\n# TYPE grate_things_total gauge\ngrate_things_total{a="1",b="2"} 0.5\n',
  ],
  [
    "labels that need care",
    family({ samples: [{ labels: { a: 'x"y\\z\n' }, value: 1 }] }),
    '# HELP grate_things_total Things.\n# TYPE grate_things_total counter\ngrate_things_total{a="x\\"y\\\\z\\n"} 1\n',
  ],
  [
    "help that needs care",
    family({ help: "a\\b\nc", samples: [{ value: 1 }] }),
    "# HELP grate_things_total a\\\\b\\nc\n# TYPE grate_things_total counter\ngrate_things_total 1\n",
  ],
  [
    "numbers that are none",
    family({
      samples: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300].map((value) => ({ value })),
    }),
    "# HELP grate_things_total Things.\n# TYPE grate_things_total counter\n" +
      "grate_things_total NaN\ngrate_things_total +Inf\ngrate_things_total -Inf\ngrate_things_total 1e+300\n",
  ],
  ["nothing", family({}), ""],
])("%s", (_what, one, text) => {
  expect(writeMetrics("grate_", [one])).toBe(text);
});
