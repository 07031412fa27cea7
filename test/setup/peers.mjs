/**
 * The real programs that tests run against, and how to get them on Debian.
 * Plain JavaScript because it runs before anything is built.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Program (or file) a test names -> Debian package that brings it. */
export const PEERS = Object.freeze({
  gmond: "ganglia-monitor",
  gmetric: "ganglia-monitor",
  gstat: "ganglia-monitor",
  // Seven metrics of disk traffic, which make 39 of gmond's 32.
  "/etc/ganglia/conf.d/mod_io.conf": "ganglia-modules-linux",
  gmetad: "gmetad",
  rrdtool: "rrdtool",
  rrdcached: "rrdcached",
  "victoria-metrics": "victoria-metrics",
  prometheus: "prometheus",
  chromium: "chromium",
  ip: "iproute2",
  xmllint: "libxml2-utils",
  openssl: "openssl",
  ps: "procps",
  // How long a poll holds gmond's lock, in bench:harmless.
  strace: "strace",
});

/** Debian keeps daemons where an ordinary PATH does not look. */
const EXTRA_FOLDERS = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

/** @param {string} program @returns {string | undefined} its full path */
export function findProgram(program) {
  if (program.startsWith("/")) return existsSync(program) ? program : undefined;
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...EXTRA_FOLDERS];
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @returns {string[]} Debian packages of the programs that are not there, each once */
export function missingPackages() {
  const missing = Object.entries(PEERS).filter(([program]) => findProgram(program) === undefined);
  return [...new Set(missing.map(([, debianPackage]) => debianPackage))];
}

export function canInstall() {
  return process.getuid?.() === 0 && existsSync("/etc/debian_version") && findProgram("apt-get") !== undefined;
}

const POLICY = "/usr/sbin/policy-rc.d";
const POLICY_KEPT = "/usr/sbin/policy-rc.d.kept-by-grate-tests";
const POLICY_MARK = "# Made by Grate's tests for the time of an installation.";

/**
 * Installs packages; while that runs, policy-rc.d answers 101 ("not allowed"),
 * so that no daemon is started, stopped or restarted.
 * @param {string[]} packages
 * @returns {boolean} all of them are there
 */
export function installPackages(packages) {
  forbidDaemons();
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
    const apt = (/** @type {string[]} */ args) =>
      spawnSync("apt-get", ["-q", "-o", "DPkg::Lock::Timeout=120", ...args], {
        env,
        stdio: ["ignore", "ignore", "inherit"],
      });
    apt(["update"]);
    return apt(["install", "-y", "--no-install-recommends", "--no-upgrade", ...packages]).status === 0;
  } finally {
    allowDaemons();
  }
}

function forbidDaemons() {
  if (existsSync(POLICY) && !readFileSync(POLICY, "utf8").includes(POLICY_MARK)) renameSync(POLICY, POLICY_KEPT);
  writeFileSync(POLICY, `#!/bin/sh\n${POLICY_MARK}\nexit 101\n`, { mode: 0o755 });
}

function allowDaemons() {
  rmSync(POLICY, { force: true });
  if (existsSync(POLICY_KEPT)) renameSync(POLICY_KEPT, POLICY);
}
