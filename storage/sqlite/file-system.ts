/**
 * SQLite's write-ahead log keeps an index in memory that all users of the file
 * share; on a network file system two machines do not, and the file breaks. So such
 * a directory is refused at start. Linux tells the file system by a number in
 * statfs(2); behind FUSE anything may hide, there the mount table tells more.
 */
import { existsSync, readFileSync, realpathSync, statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { StorageError } from "../errors.js";

/** f_type of network and shared-disk file systems, from Linux' magic.h and the vendors' sources. */
const NETWORK_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB2"],
  [0x0102_1997, "9p"],
  [0x5346_414f, "AFS"],
  [0x6b41_4653, "AFS"],
  [0x7375_7245, "Coda"],
  [0x0bd0_0bd0, "Lustre"],
  [0x4750_4653, "GPFS"],
  [0x1983_0326, "BeeGFS"],
  [0x00c3_6400, "Ceph"],
  [0x2003_0528, "OrangeFS"],
  [0x7461_636f, "OCFS2"],
  [0x0116_1970, "GFS2"],
]);

const FUSE_TYPE = 0x6573_5546;

/** What stands after "fuse." in the mount table where the files are on other machines. */
const NETWORK_FUSE =
  /^fuse\.(?:sshfs|glusterfs|ceph|ceph-fuse|s3fs|goofys|gcsfuse|rclone|juicefs|seaweedfs|weed|mfs|moosefs|lizardfs|beegfs|davfs|davfs2|curlftpfs|smbnetfs|cvmfs2|dfuse|hdfs|fuse_dfs|blobfuse2?|objectivefs|quobyte|nfs)$/;

export interface FileSystemProbe {
  /** f_type of the file system that holds the path. */
  typeOf(path: string): number;
  /** The text of /proc/self/mountinfo, "" where there is none. */
  mountTable(): string;
}

export const nodeProbe: FileSystemProbe = Object.freeze({
  typeOf: (path: string) => statfsSync(path).type,
  mountTable() {
    try {
      return readFileSync("/proc/self/mountinfo", "utf8");
    } catch {
      return "";
    }
  },
});

/**
 * @param directory need not exist yet
 * @throws StorageError "storage-network-file-system"
 */
export function refuseNetworkFileSystem(directory: string, probe: FileSystemProbe = nodeProbe): void {
  const path = existingPart(resolve(directory));
  // Some kernels hand the 32 bits out with a sign.
  const type = probe.typeOf(path) >>> 0;
  const name = type === FUSE_TYPE ? networkFuse(mountOf(path, probe.mountTable())) : NETWORK_TYPES.get(type);
  if (name === undefined) return;
  throw new StorageError(
    "storage-network-file-system",
    `${directory} is on a network file system (${name}), where SQLite's write-ahead log does not work ` +
      "and the history would be damaged; give a directory on a local disk with --state DIR",
  );
}

function networkFuse(type: string | undefined): string | undefined {
  return type !== undefined && NETWORK_FUSE.test(type) ? type : undefined;
}

/** The path itself, or the nearest directory above it that exists, links resolved. */
function existingPart(path: string): string {
  let part = path;
  while (!existsSync(part) && part !== dirname(part)) part = dirname(part);
  return realpathSync(part);
}

/**
 * @param table lines "36 35 98:0 /root /mount/point options optional... - type source options"
 * @returns type of the mount that holds the path; of several on one place the last covers the others
 */
export function mountOf(path: string, table: string): string | undefined {
  let found: { point: string; type: string } | undefined;
  for (const line of table.split("\n")) {
    const [places = "", kinds = ""] = line.split(" - ");
    const point = unescapeOctal(places.split(" ")[4] ?? "");
    const type = kinds.split(" ")[0] ?? "";
    if (point === "" || type === "") continue;
    const holds = path === point || path.startsWith(point.endsWith("/") ? point : `${point}/`);
    if (holds && point.length >= (found?.point.length ?? 0)) found = { point, type };
  }
  return found?.type;
}

/** Blanks in mount points are written \040. */
function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
