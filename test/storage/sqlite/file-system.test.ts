import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type FileSystemProbe, mountOf, refuseNetworkFileSystem } from "../../../storage/sqlite/file-system.js";
import { temporaryDirectory } from "../support/temporary.js";

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const FUSE = 0x65735546;
const probe = (type: number, mounts = ""): FileSystemProbe => ({ typeOf: () => type, mountTable: () => mounts });
const mounted = (type: string) =>
  `25 1 8:1 / / rw - ext4 /dev/sda1 rw\n99 25 0:55 / ${directory.path} rw shared:9 - ${type} remote:/x rw`;

describe("refused", () => {
  const cases: [name: string, type: number][] = [
    ["NFS", 0x6969],
    ["SMB", 0x517b],
    ["CIFS", 0xff534d42],
    ["CIFS", 0xff534d42 - 2 ** 32],
    ["SMB2", 0xfe534d42],
    ["9p", 0x01021997],
    ["AFS", 0x5346414f],
    ["Coda", 0x73757245],
    ["Lustre", 0x0bd00bd0],
    ["GPFS", 0x47504653],
    ["BeeGFS", 0x19830326],
    ["Ceph", 0x00c36400],
    ["OCFS2", 0x7461636f],
    ["GFS2", 0x01161970],
  ];
  test.each(cases)("%s (%d)", (name, type) => {
    expect(() => refuseNetworkFileSystem(directory.path, probe(type))).toThrow(
      new RegExp(`^${directory.path} is on a network file system \\(${name}\\), .*--state DIR$`),
    );
  });

  test.each(["fuse.sshfs", "fuse.glusterfs", "fuse.ceph-fuse", "fuse.s3fs", "fuse.rclone", "fuse.juicefs"])(
    "%s",
    (type) => {
      expect(() => refuseNetworkFileSystem(directory.path, probe(FUSE, mounted(type)))).toThrow(`(${type})`);
    },
  );

  test("the code tells callers", () => {
    expect(() => refuseNetworkFileSystem("/", probe(0x6969))).toThrow(
      expect.objectContaining({ code: "storage-network-file-system" }),
    );
  });
});

describe("allowed", () => {
  const cases: [name: string, type: number][] = [
    ["ext4", 0xef53],
    ["xfs", 0x58465342],
    ["btrfs", 0x9123683e],
    ["tmpfs", 0x01021994],
    ["overlay", 0x794c7630],
    ["zfs", 0x2fc12fc1],
    ["another system's number", 0x1a],
  ];
  test.each(cases)("%s", (_, type) => expect(refuseNetworkFileSystem(directory.path, probe(type))).toBeUndefined());

  test.each(["fuseblk", "fuse.ntfs-3g", "fuse.lxcfs", "fuse.mergerfs", "fuse"])("%s", (type) => {
    expect(refuseNetworkFileSystem(directory.path, probe(FUSE, mounted(type)))).toBeUndefined();
  });

  test("FUSE without a mount table", () => {
    expect(refuseNetworkFileSystem(directory.path, probe(FUSE))).toBeUndefined();
  });

  test("what this machine really has", () => {
    expect(refuseNetworkFileSystem(directory.path)).toBeUndefined();
  });
});

describe("which place is looked at", () => {
  const asked = (path: string): string => {
    const paths: string[] = [];
    refuseNetworkFileSystem(path, { typeOf: (each) => paths.push(each), mountTable: () => "" });
    return paths.join();
  };

  test("the directory itself", () => expect(asked(directory.path)).toBe(directory.path));
  test("the nearest one that exists", () => expect(asked(join(directory.path, "a/b/c"))).toBe(directory.path));
  test("where a link leads", () => {
    mkdirSync(join(directory.path, "real"));
    symlinkSync("real", join(directory.path, "link"));
    expect(asked(join(directory.path, "link/a"))).toBe(join(directory.path, "real"));
  });
});

describe("mount table", () => {
  const table = [
    "25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
    "30 25 0:40 / /srv rw - nfs4 server:/srv rw",
    "31 30 0:41 / /srv/a\\040b rw master:2 propagate_from:1 - fuse.sshfs x rw",
    "32 25 0:42 / /over rw - ext4 /dev/sdb rw",
    "33 32 0:43 / /over rw - fuse.glusterfs g rw",
    "a damaged line",
    "",
  ].join("\n");
  const cases: [path: string, type: string | undefined][] = [
    ["/", "ext4"],
    ["/srv", "nfs4"],
    ["/srv/x/y", "nfs4"],
    ["/srvx", "ext4"],
    ["/srv/a b", "fuse.sshfs"],
    ["/srv/a b/c", "fuse.sshfs"],
    ["/over/x", "fuse.glusterfs"],
  ];
  test.each(cases)("%s is on %s", (path, type) => expect(mountOf(path, table)).toBe(type));
  test("an empty table", () => expect(mountOf("/", "")).toBeUndefined());
});
