/** What is shipped to be installed: the units hold what they promise, the sample configuration is good. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ALLOCATOR_ENVIRONMENT } from "../../collector/bin/allocator.js";
import { loadConfiguration } from "../../collector/bin/configuration.js";

const UNITS = ["grate-collector.service", "grate-viewer.service"] as const;

/** Section to key to values, a list because a key may repeat. */
function parseUnit(text: string): Map<string, Map<string, string[]>> {
  const sections = new Map<string, Map<string, string[]>>();
  let section: Map<string, string[]> | undefined;
  for (const [i, line] of text.split("\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const header = /^\[(\w+)\]$/.exec(line);
    const setting = /^([A-Za-z]+)=(.*)$/.exec(line);
    if (header !== null) {
      section = new Map();
      sections.set(header[1] as string, section);
    } else if (setting !== null && section !== undefined) {
      const [, key = "", value = ""] = setting;
      section.set(key, [...(section.get(key) ?? []), value]);
    } else {
      throw new Error(`line ${i + 1} is neither a section nor a setting: ${line}`);
    }
  }
  return sections;
}

const read = (name: string) => readFileSync(join("deploy", name), "utf8");

/** Of both units; undefined: any value will do. */
const REQUIRED: readonly (readonly [key: string, value: string | undefined])[] = [
  ["Type", "exec"],
  ["ExecReload", "/bin/kill -HUP $MAINPID"],
  ["Restart", "on-failure"],
  ["RestartPreventExitStatus", "2 78"],
  ["DynamicUser", "yes"],
  ["User", "grate"],
  ["StateDirectory", "grate"],
  ["StateDirectoryMode", "0700"],
  ["RuntimeDirectory", undefined],
  ["ConfigurationDirectory", "grate"],
  ["NoNewPrivileges", "yes"],
  ["ProtectSystem", "strict"],
  ["ProtectHome", "yes"],
  ["PrivateTmp", "yes"],
  ["PrivateDevices", "yes"],
  ["ProtectKernelTunables", "yes"],
  ["ProtectKernelModules", "yes"],
  ["ProtectKernelLogs", "yes"],
  ["ProtectControlGroups", "yes"],
  ["ProtectClock", "yes"],
  ["ProtectHostname", "yes"],
  ["RestrictNamespaces", "yes"],
  ["RestrictRealtime", "yes"],
  ["RestrictSUIDSGID", "yes"],
  ["LockPersonality", "yes"],
  ["CapabilityBoundingSet", ""],
  ["UMask", "0077"],
  ["SystemCallArchitectures", "native"],
  ["SystemCallFilter", "@system-service"],
  ["RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX AF_NETLINK"],
  ["MemoryMax", undefined],
  ["TasksMax", undefined],
  ["OOMScoreAdjust", undefined],
  ["IOSchedulingClass", "idle"],
];

describe.each(UNITS)("%s", (name) => {
  const unit = parseUnit(read(name));
  const service = unit.get("Service");

  test.each(REQUIRED)("sets %s to %j", (key, value) => {
    expect(service?.get(key)).toEqual([value ?? expect.stringMatching(/./)]);
  });

  test("does not forbid what V8 needs, and says so", () => {
    expect(service?.has("MemoryDenyWriteExecute")).toBe(false);
    expect(read(name)).toContain("MemoryDenyWriteExecute");
  });

  test("has all sections and starts a command that exists", () => {
    expect([...unit.keys()]).toEqual(["Unit", "Service", "Install"]);
    const command = name.replace("grate-", "").replace(".service", "");
    expect(service?.get("ExecStart")).toEqual([`/usr/local/bin/grate ${command} -c /etc/grate/grate.yaml`]);
  });

  test("shows how a secret is handed over", () => {
    expect(read(name)).toMatch(/^#LoadCredential=/m);
  });
});

const hasAnalyze = spawnSync("systemd-analyze", ["--version"]).status === 0;

describe.runIf(hasAnalyze)("as systemd reads them", () => {
  let directory: string;
  let files: string[];
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "grate-units-"));
    files = UNITS.map((name) => {
      const file = join(directory, name);
      // The program is not installed here; everything else stays.
      writeFileSync(file, read(name).replaceAll("/usr/local/bin/grate", "/bin/true"));
      return file;
    });
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test("nothing is unknown or out of place", () => {
    const result = spawnSync("systemd-analyze", ["verify", "--man=no", ...files], { encoding: "utf8" });
    expect(result.stdout + result.stderr).toBe("");
    expect(result.status).toBe(0);
  });

  test("their exposure is below the limit that the README gives", () => {
    for (const file of files) {
      const text = execFileSync("systemd-analyze", ["security", "--offline=true", "--no-pager", file], {
        encoding: "utf8",
      });
      const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(text)?.[1]);
      expect(exposure).toBeLessThan(2.5);
    }
  });
});

test("the collector's unit sets the allocator as grate start does", () => {
  const [environment = ""] = parseUnit(read("grate-collector.service")).get("Service")?.get("Environment") ?? [];
  const words = Object.entries(ALLOCATOR_ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
  expect(environment.split(" ")).toEqual(words);
});

describe("the sample configuration", () => {
  test("is good and says what the defaults are", () => {
    const { config } = loadConfiguration("deploy/grate.yaml");
    expect(config.sources.map((source) => source.type)).toEqual(["ganglia-xml"]);
    expect(config.viewer).toMatchObject({
      listen: { host: "127.0.0.1", port: 8660 },
      collector: { host: "127.0.0.1", port: 8662 },
      control: { host: "127.0.0.1", port: 8663 },
    });
  });

  test("a new installation observes: no trigger tells anybody or runs anything", () => {
    const { config } = loadConfiguration("deploy/grate.yaml");
    expect(config.triggers.length).toBeGreaterThan(0);
    expect(config.triggers.filter((trigger) => trigger.notify.length + trigger.run.length > 0)).toEqual([]);
  });

  test("what is commented out is good as well", () => {
    // A line of prose begins with a capital or ends a sentence; a setting is YAML.
    const text = read("grate.yaml")
      .split("\n")
      .map((line) => /^( *)# ( *(?:- )?(?:[a-z-]+:(?: .*)?|\{.*))$/.exec(line)?.slice(1).join("") ?? line)
      .join("\n")
      .replace("trigger-files: [", "trigger-files: [] # [")
      .replaceAll(/^( *)# ((?:user|password): )/gm, "$1$2");
    const encode = (written: string) => new TextEncoder().encode(written);
    const none = () => {
      throw Object.assign(new Error("none"), { code: "ENOENT" });
    };
    const { config } = loadConfiguration("grate.yaml", { files: { read: () => encode(text), list: none } });
    expect(config.sources.map((source) => source.type)).toEqual(["ganglia-xml", "ganglia-udp", "sensor"]);
    expect(Object.keys(config.storage).sort()).toEqual(["remote", "rrd", "sqlite", "xml"]);
    expect(Object.keys(config.receivers)).toEqual(["ops"]);
    expect(Object.keys(config.commands)).toEqual(["drain"]);
    expect(config.triggers.at(-1)).toMatchObject({ name: "cpu-too-hot", notify: ["ops"], run: ["drain"] });
  });
});
