import { describe, expect, it } from "vitest";
import { LogFormatError, LogWriteError, RecordLog, type RecordLogOptions } from "../../../core/base/record-log.js";
import { SEGMENT_HEADER } from "../../../core/base/record-log-format.js";
import { diskError, type LogOperation, MemoryLogFiles } from "../../support/memory-log-files.js";

const OPTIONS: RecordLogOptions = { prefix: "frames", segmentBytesMax: 1_000_000, recordBytesMax: 1_000 };
const FIRST = "frames-00000001.log";
const SECOND = "frames-00000002.log";

interface Replayed {
  readonly records: string[];
  readonly log: RecordLog;
  readonly report: ReturnType<typeof RecordLog.open>["report"];
}

function open(files: MemoryLogFiles, options: Partial<RecordLogOptions> = {}): Replayed {
  const records: string[] = [];
  const { log, report } = RecordLog.open(files, { ...OPTIONS, ...options }, (type, payload) => {
    records.push(`${type}:${Buffer.from(payload).toString("latin1")}`);
  });
  return { records, log, report };
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

function withRecords(...texts: string[]): MemoryLogFiles {
  const files = new MemoryLogFiles();
  const { log } = open(files);
  texts.forEach((text, i) => {
    log.append(i + 1, bytes(text));
  });
  log.close();
  return files;
}

describe("replay gives back what was appended", () => {
  const cases: readonly [name: string, texts: string[]][] = [
    ["nothing", []],
    ["one record", ["a"]],
    ["an empty payload", [""]],
    ["several, in order", ["first", "second", "", "fourth"]],
    ["bytes that look like a header", ["GRATELOG\x01\0\0\0", "\0\0\0\0\0\0\0\0\0"]],
    ["a record of the longest length", ["x".repeat(1_000)]],
    ["every byte value", [String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))]],
  ];
  it.each(cases)("%s", (_name, texts) => {
    const { records, report } = open(withRecords(...texts));
    expect(records).toEqual(texts.map((text, i) => `${i + 1}:${text}`));
    expect(report).toMatchObject({ records: texts.length, tornBytes: 0, faults: [] });
    expect(report.bytes).toBe(texts.reduce((sum, text) => sum + 9 + text.length, 0));
  });

  it("appends behind what was there", () => {
    const files = withRecords("a");
    const second = open(files);
    second.log.append(2, bytes("b"));
    expect(open(files).records).toEqual(["1:a", "2:b"]);
    expect(files.list()).toEqual([FIRST]);
  });

  it("makes no file before the first record", () => {
    const files = new MemoryLogFiles();
    const { log, report } = open(files);
    log.sync();
    log.close();
    expect(files.list()).toEqual([]);
    expect(report).toEqual({ segments: 0, records: 0, bytes: 0, tornBytes: 0, faults: [] });
  });

  it("passes over files of others", () => {
    const files = withRecords("a");
    files.put("frames-1.log", bytes("short number"));
    files.put("alerts-00000001.log", bytes("another log"));
    files.put("frames-00000001.log.bak", bytes("a copy"));
    expect(open(files).records).toEqual(["1:a"]);
  });

  it("takes an empty file for an empty segment", () => {
    const files = new MemoryLogFiles();
    files.put(FIRST, new Uint8Array(0));
    const { log, report } = open(files);
    expect(report).toEqual({ segments: 1, records: 0, bytes: 0, tornBytes: 0, faults: [] });
    log.append(1, bytes("a"));
    expect(open(files).records).toEqual(["1:a"]);
  });
});

describe("damage", () => {
  it("cuts a torn tail at every length of the last record, and writes on", () => {
    const whole = withRecords("first", "the last one").bytesOf(FIRST);
    const lastAt = SEGMENT_HEADER.length + 9 + "first".length;
    for (let length = lastAt; length < whole.length; length++) {
      const files = new MemoryLogFiles();
      files.put(FIRST, whole.slice(0, length));
      const { log, records, report } = open(files);
      expect(records, `cut at ${length}`).toEqual(["1:first"]);
      expect(report.tornBytes, `cut at ${length}`).toBe(length - lastAt);
      expect(report.faults.length, `cut at ${length}`).toBe(length === lastAt ? 0 : 1);
      log.append(7, bytes("new"));
      expect(open(files), `cut at ${length}`).toMatchObject({ records: ["1:first", "7:new"], report: { faults: [] } });
    }
  });

  it("cuts a header at every length", () => {
    for (let length = 1; length < SEGMENT_HEADER.length; length++) {
      const files = new MemoryLogFiles();
      files.put(FIRST, SEGMENT_HEADER.slice(0, length));
      const { log, report } = open(files);
      expect(report).toMatchObject({ records: 0, tornBytes: length, faults: [`${FIRST}: it ends inside its header`] });
      log.append(1, bytes("a"));
      expect(open(files).records).toEqual(["1:a"]);
    }
  });

  it("gives only true records when any byte is changed", () => {
    const whole = withRecords("first", "second", "third").bytesOf(FIRST);
    const texts = ["1:first", "2:second", "3:third"];
    for (let at = SEGMENT_HEADER.length; at < whole.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const files = new MemoryLogFiles();
        const bad = whole.slice();
        bad[at] = (bad[at] as number) ^ flip;
        files.put(FIRST, bad);
        const { records, report } = open(files);
        expect(records, `byte ${at}`).toEqual(texts.slice(0, records.length));
        expect(records.length, `byte ${at}`).toBeLessThan(3);
        expect(report.faults.length, `byte ${at}`).toBe(1);
      }
    }
  });

  it("goes on with the next segment behind a damaged record", () => {
    const files = withRecords("a", "b");
    const { log } = open(files);
    log.startSegment();
    log.append(3, bytes("c"));
    const bad = files.bytesOf(FIRST);
    bad[bad.length - 1] = 0;
    files.put(FIRST, bad);
    const { records, report } = open(files);
    expect(records).toEqual(["1:a", "3:c"]);
    expect(report).toMatchObject({
      segments: 2,
      tornBytes: 10,
      faults: [`${FIRST}: the record at byte 22 does not match its checksum`],
    });
    expect(files.bytesOf(FIRST), "only the last segment is cut").toEqual(bad);
  });

  it("starts anew over a segment of zero bytes", () => {
    const files = new MemoryLogFiles();
    files.put(FIRST, new Uint8Array(4096));
    const { log, report } = open(files);
    expect(report.faults).toEqual([`${FIRST}: it holds only zero bytes`]);
    log.append(1, bytes("a"));
    expect(open(files).records).toEqual(["1:a"]);
  });

  it.each([
    ["a text", "#!/bin/sh\nexit 0\n", 'it does not begin with "GRATELOG"'],
    ["a short text", "no", 'it does not begin with "GRATELOG"'],
    ["a later version", "GRATELOG\x03\0\0\0abc", "it has format version 3, this program reads versions 1 and 2"],
  ])("refuses %s under a segment's name, and leaves it alone", (_name, content, message) => {
    const files = new MemoryLogFiles();
    files.put(FIRST, bytes(content));
    expect(() => open(files)).toThrow(LogFormatError);
    expect(() => open(files)).toThrow(`reading log segment ${FIRST}: ${message}; move it away if it is not Grate's`);
    expect(files.bytesOf(FIRST)).toEqual(bytes(content));
  });

  it("begins a new segment when the torn tail cannot be cut", () => {
    const files = withRecords("a");
    const torn = files.bytesOf(FIRST);
    files.put(FIRST, Uint8Array.from([...torn, 1, 2, 3]));
    files.before = failing("truncate", FIRST);
    const { log } = open(files);
    log.append(2, bytes("b"));
    expect(files.list()).toEqual([FIRST, SECOND]);
    expect(open(files).records).toEqual(["1:a", "2:b"]);
  });
});

describe("records with marks", () => {
  const texts = ["first", "second", "third", "fourth"];
  const all = texts.map((text, i) => `${i + 1}:${text}`);

  function withMarks(...payloads: Uint8Array[]): MemoryLogFiles {
    const files = new MemoryLogFiles();
    const { log } = open(files, { marked: true });
    payloads.forEach((payload, i) => {
      log.append(i + 1, payload);
    });
    log.close();
    return files;
  }

  const damaged = (files: MemoryLogFiles, change: (whole: Uint8Array) => Uint8Array): MemoryLogFiles => {
    const copy = new MemoryLogFiles();
    copy.put(FIRST, change(files.bytesOf(FIRST).slice()));
    return copy;
  };

  it("come back, and are appended to", () => {
    const files = withMarks(...texts.map(bytes));
    const { log, report } = open(files, { marked: true });
    expect(report).toMatchObject({ records: 4, tornBytes: 0, faults: [], bytes: 4 * 13 + texts.join("").length });
    log.append(5, bytes("fifth"));
    expect(open(files, { marked: true }).records).toEqual([...all, "5:fifth"]);
    expect(files.list()).toEqual([FIRST]);
  });

  it("cost no others when any byte is damaged", () => {
    const files = withMarks(...texts.map(bytes));
    const headerBytes = 16;
    for (let at = headerBytes; at < files.bytesOf(FIRST).length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const bad = damaged(files, (whole) => {
          whole[at] = (whole[at] as number) ^ flip;
          return whole;
        });
        const { records, report, log } = open(bad, { marked: true });
        const lost = all.filter((text) => !records.includes(text));
        expect(lost, `byte ${at}`).toHaveLength(1);
        expect(report, `byte ${at}`).toMatchObject({ records: 3, tornBytes: 13 + (lost[0] as string).length - 2 });
        expect(report.faults, `byte ${at}`).toHaveLength(1);
        log.append(9, bytes("later"));
        expect(open(bad, { marked: true }).records, `byte ${at}`).toEqual([...records, "9:later"]);
      }
    }
  });

  it("are found again behind bytes that are missing", () => {
    const files = withMarks(...texts.map(bytes));
    const second = 16 + 13 + "first".length;
    for (let length = 1; length <= 13 + "second".length; length++) {
      const bad = damaged(files, (whole) =>
        Uint8Array.from([...whole.slice(0, second), ...whole.slice(second + length)]),
      );
      expect(open(bad, { marked: true }).records, `${length} bytes`).toEqual(all.filter((text) => text !== "2:second"));
    }
  });

  it("are torn at the end as ever", () => {
    const files = withMarks(...texts.map(bytes));
    const length = files.bytesOf(FIRST).length;
    for (let missing = 1; missing < 13 + "fourth".length; missing++) {
      const torn = damaged(files, (whole) => whole.slice(0, length - missing));
      const { log, records, report } = open(torn, { marked: true });
      expect(records).toEqual(all.slice(0, 3));
      expect(report.tornBytes).toBe(13 + "fourth".length - missing);
      log.append(7, bytes("new"));
      expect(open(torn, { marked: true })).toMatchObject({
        records: [...all.slice(0, 3), "7:new"],
        report: { faults: [] },
      });
    }
  });

  it("cannot be made up by what stands in a record: another segment's mark is none here", () => {
    const forged = withMarks(bytes("forged")).bytesOf(FIRST).slice(16);
    const files = damaged(withMarks(bytes("first"), forged, bytes("third")), (whole) => {
      // The length of the record with the forged one in it.
      const at = 16 + 13 + "first".length + 4;
      whole[at] = (whole[at] as number) ^ 0xff;
      return whole;
    });
    expect(open(files, { marked: true }).records).toEqual(["1:first", "3:third"]);
  });

  it("live beside segments without marks, each read in its way", () => {
    const files = withRecords("old");
    const { log, records } = open(files, { marked: true });
    expect(records).toEqual(["1:old"]);
    log.append(2, bytes("new"));
    expect(files.list()).toEqual([FIRST, SECOND]);
    expect(open(files, { marked: true }).records).toEqual(["1:old", "2:new"]);
    expect(open(files).records).toEqual(["1:old", "2:new"]);
  });
});

/** Fails the operation on the file with EIO for as long as it is in place. */
function failing(operation: LogOperation, name?: string, code = "EIO") {
  return (asked: LogOperation, on: string) => {
    if (asked === operation && (name === undefined || on === name)) throw diskError(code);
  };
}

describe("a disk that fails", () => {
  it("leaves nothing of a record that did not fit, whatever the room, and takes it later", () => {
    const recordBytes = 9 + 6;
    for (let room = 0; room < recordBytes; room++) {
      const files = withRecords("a");
      const { log } = open(files);
      const before = files.bytesOf(FIRST);
      files.freeBytes = room;
      expect(() => log.append(2, bytes("second")), `room ${room}`).toThrow(LogWriteError);
      expect(files.bytesOf(FIRST), `room ${room}`).toEqual(before);
      files.freeBytes = 1_000;
      log.append(3, bytes("third"));
      expect(open(files).records, `room ${room}`).toEqual(["1:a", "3:third"]);
    }
  });

  it("says what it did, to which file, and the system's word", () => {
    const files = withRecords("a");
    const { log } = open(files);
    files.freeBytes = 0;
    expect(() => log.append(2, bytes("b"))).toThrow(`cannot write ${FIRST}: ENOSPC: the test's disk says so`);
  });

  it("joins short writes", () => {
    const files = new MemoryLogFiles();
    files.writeBytesMax = 1;
    const { log } = open(files);
    log.append(1, bytes("piece by piece"));
    log.append(2, bytes("second"));
    expect(open(files).records).toEqual(["1:piece by piece", "2:second"]);
  });

  it("writes on in a new segment when a half record cannot be taken back", () => {
    const files = withRecords("a");
    const { log } = open(files);
    files.freeBytes = 4;
    files.before = failing("truncate", FIRST);
    expect(() => log.append(2, bytes("lost"))).toThrow(LogWriteError);
    files.freeBytes = 1_000;
    log.append(3, bytes("c"));
    expect(files.list()).toEqual([FIRST, SECOND]);
    const { records, report } = open(files);
    expect(records).toEqual(["1:a", "3:c"]);
    expect(report.tornBytes).toBe(4);
  });

  it.each<[string, LogOperation]>([
    ["opened", "open"],
    ["written", "write"],
  ])("leaves no new segment that cannot be %s, and tries the same number again", (_name, operation) => {
    const files = withRecords("a");
    const { log } = open(files);
    files.before = failing(operation, SECOND);
    expect(() => log.startSegment()).toThrow(`cannot begin ${SECOND}: EIO`);
    expect(files.list()).toEqual([FIRST]);
    files.before = () => {};
    expect(log.startSegment()).toBe(2);
    log.append(2, bytes("b"));
    expect(open(files).records).toEqual(["1:a", "2:b"]);
  });

  it("writes no record behind what a failed attempt left of a new segment", () => {
    const files = withRecords("a");
    const { log } = open(files);
    files.freeBytes = 5;
    files.before = failing("remove", SECOND);
    expect(() => log.startSegment()).toThrow(LogWriteError);
    expect(files.bytesOf(SECOND)).toHaveLength(5);
    files.freeBytes = 1_000;
    log.append(2, bytes("b"));
    expect(open(files).records).toEqual(["1:a", "2:b"]);
  });

  it("does not trust a file after a failed sync", () => {
    const files = withRecords("a");
    const { log } = open(files);
    log.append(2, bytes("b"));
    files.before = failing("sync", FIRST);
    expect(() => log.sync()).toThrow(`cannot sync ${FIRST}: EIO`);
    files.before = () => {};
    log.append(3, bytes("c"));
    expect(files.list()).toEqual([FIRST, SECOND]);
    expect(open(files).records).toEqual(["1:a", "2:b", "3:c"]);
  });

  it("closes every file it opened", () => {
    const files = withRecords("a");
    const { log } = open(files);
    files.before = failing("sync");
    log.append(2, bytes("b"));
    expect(() => log.close()).toThrow(LogWriteError);
    log.close();
    expect(files.openHandles).toBe(0);
  });
});

describe("segments", () => {
  it("begins a new one before the limit is passed", () => {
    const files = new MemoryLogFiles();
    const limit = SEGMENT_HEADER.length + 2 * (9 + 10);
    const { log } = open(files, { segmentBytesMax: limit });
    for (let i = 0; i < 5; i++) log.append(i, bytes("0123456789"));
    expect(files.list()).toEqual([FIRST, SECOND, "frames-00000003.log"]);
    expect([...files.files.values()].map((file) => file.bytes.length)).toEqual([limit, limit, 12 + 19]);
    expect(log).toMatchObject({ segment: 3, segmentBytes: 12 + 19, bytes: 2 * limit + 12 + 19 });
    expect(open(files).records).toHaveLength(5);
  });

  it("puts a record longer than the limit into a segment of its own", () => {
    const files = new MemoryLogFiles();
    const { log } = open(files, { segmentBytesMax: 50 });
    log.append(1, bytes("x".repeat(100)));
    log.append(2, bytes("y"));
    expect(files.list()).toEqual([FIRST, SECOND]);
    expect(open(files).records).toHaveLength(2);
  });

  it("refuses a record over the limit of records", () => {
    const files = withRecords("a");
    const { log } = open(files);
    expect(() => log.append(2, new Uint8Array(1_001))).toThrow(
      "appending to log frames: a record of 1001 bytes, at most 1000 are allowed",
    );
    log.append(3, bytes("c"));
    expect(open(files).records).toEqual(["1:a", "3:c"]);
  });

  it("drops the older ones when asked, never the one in use", () => {
    const files = withRecords("a");
    const { log } = open(files);
    log.startSegment();
    log.append(2, bytes("b"));
    const third = log.startSegment();
    log.append(3, bytes("c"));
    log.dropSegmentsBefore(2);
    expect(open(files).records).toEqual(["2:b", "3:c"]);
    log.dropSegmentsBefore(third + 10);
    expect(files.list()).toEqual(["frames-00000003.log"]);
  });

  it("takes back the one in use, and gives its number again", () => {
    const files = withRecords("a");
    const { log } = open(files);
    log.startSegment();
    log.append(2, bytes("half of"));
    log.discardSegment();
    expect(files.list()).toEqual([FIRST]);
    log.append(3, bytes("c"));
    expect(files.list()).toEqual([FIRST, SECOND]);
    expect(open(files).records).toEqual(["1:a", "3:c"]);
  });

  it("stays behind one that it cannot take back", () => {
    const files = withRecords("a");
    const { log } = open(files);
    log.startSegment();
    files.before = failing("remove", SECOND);
    expect(() => log.discardSegment()).toThrow(`cannot delete ${SECOND}: EIO`);
    log.append(3, bytes("c"));
    expect(files.list()).toEqual([FIRST, SECOND, "frames-00000003.log"]);
  });

  it("has the newer segment on the disk before an older one goes", () => {
    const files = withRecords("a");
    const { log } = open(files);
    const second = log.startSegment();
    log.append(2, bytes("b"));
    files.before = failing("sync", SECOND);
    expect(() => log.dropSegmentsBefore(second)).toThrow(LogWriteError);
    expect(files.list()).toEqual([FIRST, SECOND]);
  });

  it("drops again what it could not drop before", () => {
    const files = withRecords("a");
    const { log } = open(files);
    const second = log.startSegment();
    files.before = failing("remove", FIRST, "EPERM");
    expect(() => log.dropSegmentsBefore(second)).toThrow(`cannot delete ${FIRST}: EPERM`);
    files.before = () => {};
    log.dropSegmentsBefore(second);
    expect(files.list()).toEqual([SECOND]);
  });
});

describe("sync", () => {
  it("keeps over a power cut what it was called for", () => {
    const files = new MemoryLogFiles();
    const { log } = open(files);
    log.append(1, bytes("kept"));
    log.sync();
    log.append(2, bytes("lost"));
    expect(open(files.afterPowerCut()).records).toEqual(["1:kept"]);
    expect(open(files.afterKill()).records).toEqual(["1:kept", "2:lost"]);
  });

  it("is done for the old segment when a new one begins", () => {
    const files = new MemoryLogFiles();
    const { log } = open(files);
    log.append(1, bytes("a"));
    log.startSegment();
    expect(open(files.afterPowerCut()).records).toEqual(["1:a"]);
  });

  it("does not bother the disk when nothing was appended", () => {
    const files = withRecords("a");
    const { log } = open(files);
    let syncs = 0;
    files.before = (operation) => {
      if (operation === "sync") syncs++;
    };
    log.sync();
    log.append(2, bytes("b"));
    log.sync();
    log.sync();
    expect(syncs).toBe(1);
  });
});

it("calls use after close a bug", () => {
  const { log } = open(new MemoryLogFiles());
  log.close();
  log.close();
  expect(() => log.append(1, bytes("a"))).toThrow("BUG: log frames is used after it was closed");
});
