// What each room may import, and what to do when a rule fires. test/arch proves that each rule can fire.
const TIERS = "sensors|collector|viewer|triggers|storage";
const BASE_PACKAGES = "^node_modules/(zod|yaml|pino)/";
const RRD_ENGINE = "^storage/rrd/((arithmetic|bulk|commands|file|format|text)/|[^/]+$)";
const SOCKETS_AND_FILES =
  "^(node:)?(fs|fs/promises|os|child_process|net|tls|dgram|dns|dns/promises|http|https|http2|worker_threads|cluster)$";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      comment: "Move what both sides need into a third file.",
      from: {},
      to: { circular: true },
    },
    {
      name: "model-is-leaf",
      severity: "error",
      comment: "The vocabulary imports only itself. What needs more belongs into core/wire, core/base or a tier.",
      from: { path: "^core/model/" },
      to: { pathNot: "^core/model/" },
    },
    {
      name: "wire-sees-only-model",
      severity: "error",
      comment: "Bytes to model and back, nothing else. Sockets and files belong to the tier that owns them.",
      from: { path: "^core/wire/" },
      to: { pathNot: "^core/(wire|model)/" },
    },
    {
      name: "base-is-leaf",
      severity: "error",
      comment: "core/base may use node:*, zod, yaml, pino and core/model.",
      from: { path: "^core/base/" },
      to: { pathNot: ["^core/(base|model)/", BASE_PACKAGES], dependencyTypesNot: ["core"] },
    },
    {
      name: "tiers-meet-only-in-bin",
      severity: "error",
      comment: "Declare the two or three methods you need in your own tier and let */bin pass them in.",
      from: { path: `^(${TIERS})/`, pathNot: `^(${TIERS})/bin/` },
      to: { path: `^(${TIERS})/`, pathNot: "^$1/" },
    },
    {
      name: "rrd-engine-stands-alone",
      severity: "error",
      comment: "The engine is of use to others: what needs the project belongs into storage/rrd/archive or takeover.",
      from: { path: RRD_ENGINE },
      to: { pathNot: [RRD_ENGINE], dependencyTypesNot: ["core"] },
    },
    {
      name: "collector-is-platform-free",
      severity: "error",
      comment: "Only collector/serve and collector/bin touch sockets and files; inject a port.",
      from: { path: "^collector/", pathNot: "^collector/(serve|bin)/" },
      to: { path: SOCKETS_AND_FILES },
    },
    {
      name: "only-the-front-door-imports-bin",
      severity: "error",
      comment: "*/bin joins tiers; only grate.ts and other */bin modules may load it.",
      from: { pathNot: [`^(${TIERS})/bin/`, "^grate\\.ts$", "^test/"] },
      to: { path: `^(${TIERS})/bin/` },
    },
    {
      name: "nobody-imports-the-front-door",
      severity: "error",
      comment: "grate.ts runs when loaded.",
      from: {},
      to: { path: "^grate\\.ts$" },
    },
    {
      name: "no-test-code-in-product",
      severity: "error",
      comment: "Move what the product needs out of test/.",
      from: { pathNot: "^(test/|vitest\\.config)" },
      to: { path: "^test/" },
    },
    {
      name: "web-sees-no-node",
      severity: "error",
      comment:
        "viewer/web runs in a browser, viewer/api on both sides: no Node module, nothing else of ours but core/model.",
      from: { path: "^viewer/(web|api)/" },
      to: { pathNot: ["^viewer/(web|api)/", "^core/model/", "^node_modules/(preact|@preact|uplot)/"] },
    },
    {
      name: "server-sees-no-web",
      severity: "error",
      comment: "Browser code is built by Vite and served as files.",
      from: { pathNot: "^(viewer/web/|test/)" },
      to: { path: "^viewer/web/" },
    },
    {
      name: "no-dev-package-in-product",
      severity: "error",
      comment: "Move the package to dependencies, or the code to test/.",
      from: { path: `^(core|${TIERS})/|^grate\\.ts$`, pathNot: "^viewer/web/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "not-to-unresolvable",
      severity: "error",
      comment: "The import points to nothing.",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.test.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist/|test/arch/seeded/)" },
    enhancedResolveOptions: { conditionNames: ["import", "types", "node", "default"], exportsFields: ["exports"] },
  },
};
