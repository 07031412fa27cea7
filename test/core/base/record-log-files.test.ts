import fs, {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GrateError } from "../../../core/base/errors.js";
import { RecordLog } from "../../../core/base/record-log.js";
import { nodeLogFiles } from "../../../core/base/record-log-files.js";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "grate-record-log-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function open(place: string) {
  const records: string[] = [];
  const { log, report } = RecordLog.open(nodeLogFiles(place), { prefix: "p", segmentBytesMax: 60 }, (type, payload) => {
    records.push(`${type}:${Buffer.from(payload).toString()}`);
  });
  return { log, report, records };
}

describe("on a real file system", () => {
  it("keeps records over rotation, dropping, closing and a torn tail", () => {
    const place = join(directory, "made", "when needed");
    const first = open(place);
    for (const text of ["one", "two", "three", "four", "five", "six"]) first.log.append(1, Buffer.from(text));
    first.log.sync();
    first.log.dropSegmentsBefore(2);
    first.log.close();
    expect(readdirSync(place)).toEqual(["p-00000002.log"]);

    const path = join(place, "p-00000002.log");
    writeFileSync(path, readFileSync(path).subarray(0, -1));
    const second = open(place);
    expect(second.records).toEqual(["1:four", "1:five"]);
    expect(second.report.tornBytes).toBe(9 + 3 - 1);
    second.log.append(2, Buffer.from("seven"));
    second.log.close();
    expect(open(place).records).toEqual(["1:four", "1:five", "2:seven"]);
  });

  it("flushes in another thread, and may be closed meanwhile", async () => {
    const { log } = open(directory);
    log.append(1, Buffer.from("one"));
    await new Promise<void>((done) => expect(log.flush(done)).toBe(true));
    log.sync();
    expect(log.flush(() => {})).toBe(false);
    log.append(1, Buffer.from("two"));
    const ended = new Promise<void>((done) => expect(log.flush(done)).toBe(true));
    const other = openSync(join(directory, "p-00000001.log"), "r");
    log.close();
    await ended;
    closeSync(other);
    expect(open(directory).records).toEqual(["1:one", "1:two"]);
  });

  it("asks the disk once: a sync after a flush, only for what was written since", async () => {
    const asked = vi.spyOn(fs, "fdatasyncSync");
    syncBuiltinESMExports();
    try {
      const file = nodeLogFiles(directory).open("p");
      const flushed = () => new Promise<void>((done) => file.flush?.(done));
      file.write(Buffer.from("one"));
      await flushed();
      file.sync();
      expect(asked).toHaveBeenCalledTimes(0);
      file.write(Buffer.from("two"));
      const during = flushed();
      file.write(Buffer.from("three"));
      await during;
      file.sync();
      expect(asked).toHaveBeenCalledTimes(1);
      file.sync();
      expect(asked).toHaveBeenCalledTimes(1);
      file.truncate(3);
      file.sync();
      expect(asked).toHaveBeenCalledTimes(2);
      file.close();
    } finally {
      asked.mockRestore();
      syncBuiltinESMExports();
    }
  });

  it("tells what a flush met at the next sync", async () => {
    // The kernel refuses to sync a device of characters.
    symlinkSync("/dev/null", join(directory, "null"));
    const file = nodeLogFiles(directory).open("null");
    await new Promise<void>((done) => file.flush?.(done));
    expect(() => file.sync()).toThrow(/EINVAL/);
    file.close();
  });

  it("is closed to other accounts", () => {
    const place = join(directory, "state");
    open(place).log.append(1, Buffer.from("x"));
    expect(statSync(place).mode & 0o777).toBe(0o700);
    expect(statSync(join(place, "p-00000001.log")).mode & 0o777).toBe(0o600);
  });

  it.each([
    ["where a file stands for its directory", "a file", "a file", "ENOTDIR"],
    ["where a directory stands for a segment", ".", "p-00000001.log", "EISDIR"],
  ])("tells in one line %s", (_name, place, obstacle, code) => {
    if (obstacle === place) writeFileSync(join(directory, place), "");
    else mkdirSync(join(directory, obstacle));
    expect(() => open(join(directory, place))).toThrow(GrateError);
    expect(() => open(join(directory, place))).toThrow(new RegExp(`^cannot read .*${obstacle}: ${code}: .*expected`));
  });

  it("takes the removal of what is gone for done", () => {
    expect(() => nodeLogFiles(directory).remove("no such file")).not.toThrow();
  });
});
