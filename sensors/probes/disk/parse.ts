/** /proc/mounts: "/dev/vda / ext4 rw,relatime 0 0". */
import { cannotParse, words } from "../parsing.js";

export interface Mount {
  readonly device: string;
  readonly path: string;
  readonly type: string;
}

/**
 * File systems that live on a disk of this machine. Asking one that lives
 * elsewhere (NFS, Lustre, GPFS, anything in user space) can hang for ever, so
 * what is not on this list is never asked.
 */
const LOCAL_TYPES: ReadonlySet<string> = new Set([
  "bcachefs",
  "btrfs",
  "exfat",
  "ext2",
  "ext3",
  "ext4",
  "f2fs",
  "hfsplus",
  "jfs",
  "nilfs2",
  "ntfs3",
  "reiserfs",
  "udf",
  "ufs",
  "vfat",
  "xfs",
]);

/**
 * The local disks that can be written, each device once: bind mounts and
 * subvolumes show the same space again.
 * @throws SyntaxError if no line has the form of a mount
 */
export function parseLocalMounts(text: string): Mount[] {
  const mounts = new Map<string, Mount>();
  let lines = 0;
  for (const line of text.split("\n")) {
    const [device, path, type, options] = words(line).map(unescapeOctal);
    if (device === undefined || path === undefined || type === undefined || options === undefined) continue;
    lines++;
    const writable = options.split(",")[0] === "rw";
    const local = device.startsWith("/dev/") && LOCAL_TYPES.has(type);
    if (writable && local && !mounts.has(device)) mounts.set(device, { device, path, type });
  }
  if (lines === 0) throw cannotParse("/proc/mounts", text, 'lines such as "/dev/vda / ext4 rw,relatime 0 0"');
  return [...mounts.values()];
}

/** The kernel writes blanks, tabs, line ends and backslashes as three octal digits. */
function unescapeOctal(word: string): string {
  return word.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** What statfs(2) says of one file system. */
export interface Space {
  readonly bsize: number;
  readonly blocks: number;
  /** Blocks that users other than root can still have. */
  readonly bavail: number;
}

export interface DiskSpace {
  readonly totalGb: number;
  readonly freeGb: number;
  /** Of the fullest file system. */
  readonly usedMaxPercent: number;
}

/** Sums as gmond forms them: 10^9 bytes to the GB, and what is kept for root counts as used. */
export function sumSpace(spaces: readonly Space[]): DiskSpace {
  let totalBytes = 0;
  let freeBytes = 0;
  let usedMaxPercent = 0;
  for (const { bsize, blocks, bavail } of spaces) {
    if (blocks === 0) continue;
    totalBytes += blocks * bsize;
    freeBytes += bavail * bsize;
    usedMaxPercent = Math.max(usedMaxPercent, (100 * (blocks - bavail)) / blocks);
  }
  return { totalGb: totalBytes / 1e9, freeGb: freeBytes / 1e9, usedMaxPercent };
}
