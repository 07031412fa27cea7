import { defineConfig } from "vitest/config";

/**
 * unit: no peers needed. e2e: real gmond, gmetad, Chromium ... in namespaces of
 * their own, one at a time. bench: run by name, prints figures, asserts no time.
 * torture: the unit tests' hostile input and kills many times over, run by name.
 */
export default defineConfig({
  test: {
    // Vitest would leave one core to itself, which is half of a machine with two.
    maxWorkers: "100%",
    projects: [
      { test: { name: "unit", include: ["test/**/*.test.ts"], exclude: ["test/e2e/**"], testTimeout: 20_000 } },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "bench",
          include: ["test/bench/**/*.bench.ts"],
          fileParallelism: false,
          disableConsoleIntercept: true,
        },
      },
      {
        test: {
          name: "torture",
          include: ["test/torture/**/*.torture.ts"],
          fileParallelism: false,
          disableConsoleIntercept: true,
          testTimeout: 0,
        },
      },
    ],
  },
});
