/**
 * A disk for each of those compared: a file system of its own in a sparse file,
 * through a loop device, whose counters tell what reached the block layer,
 * journal and metadata of the file system included.
 */
import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runProcess } from "../../support/rig/process.js";

export interface BenchDisk {
  readonly path: string;
  /** Sectors written since it was made, in bytes, and requests. Flushes what waits first. */
  written(): Promise<{ bytes: number; requests: number } | undefined>;
  remove(): Promise<void>;
}

const SECTOR_BYTES = 512;

/**
 * @param sizeBytes of the file system; it takes room only as it fills
 * @returns a plain folder, whose block level cannot be told, where loop devices cannot be had
 */
export async function makeDisk(folder: string, name: string, sizeBytes: number): Promise<BenchDisk> {
  const path = join(folder, name);
  const image = join(folder, `${name}.ext4`);
  mkdirSync(path);
  const plain = { path, written: async () => undefined, remove: async () => rmSync(path, { recursive: true }) };
  writeFileSync(image, "");
  truncateSync(image, sizeBytes);
  // Inodes by the size of the smallest file of gmetad's; tables are made now, not in the middle of measuring.
  const made = await run("mkfs.ext4", "-q", "-F", "-i", "8192", "-E", "lazy_itable_init=0,lazy_journal_init=0", image);
  if (!made || !(await run("mount", "-o", "loop,noatime", image, path))) {
    rmSync(image);
    return plain;
  }
  const device = statSync(path).dev;
  const counters = `/sys/dev/block/${device >> 8}:${device & 255}/stat`;
  return {
    path,
    async written() {
      await run("sync", "-f", path);
      const fields = readFileSync(counters, "utf8").trim().split(/\s+/).map(Number);
      return { bytes: (fields[6] ?? 0) * SECTOR_BYTES, requests: fields[4] ?? 0 };
    },
    async remove() {
      if (!(await run("umount", path))) await run("umount", "-l", path);
      rmSync(image, { force: true });
    },
  };
}

async function run(program: string, ...args: string[]): Promise<boolean> {
  return (await runProcess(program, args)).code === 0;
}
