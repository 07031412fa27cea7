import { describe, expect, test } from "vitest";
import { DocumentSplitter } from "../../../sensors/recorded/document-splitter.js";

const STREAM = Buffer.from("<a>1</GANGLIA_XML>\n<b></GANGLIA_XM></GANGLIA_XML><c>3</GANGLIA_XML>\n\n");
const DOCUMENTS = ["<a>1</GANGLIA_XML>", "\n<b></GANGLIA_XM></GANGLIA_XML>", "<c>3</GANGLIA_XML>"];

function split(...chunks: Buffer[]) {
  const splitter = new DocumentSplitter(1_000);
  const documents = chunks.flatMap((chunk) => [...splitter.push(chunk)].map(String));
  return { documents, isCut: splitter.isCut };
}

test("a stream in one piece", () => {
  expect(split(STREAM)).toEqual({ documents: DOCUMENTS, isCut: false });
});

test("cut in two at every octet", () => {
  for (let at = 0; at <= STREAM.length; at++) {
    expect(split(STREAM.subarray(0, at), STREAM.subarray(at)), `cut at ${at}`).toEqual({
      documents: DOCUMENTS,
      isCut: false,
    });
  }
});

test("octet by octet", () => {
  expect(split(...Array.from(STREAM, (octet) => Buffer.of(octet)))).toEqual({ documents: DOCUMENTS, isCut: false });
});

test("ended at every octet: whole documents come, and it is known whether one was cut", () => {
  const ends = DOCUMENTS.map((_, i) => DOCUMENTS.slice(0, i + 1).join("").length);
  for (let length = 0; length <= STREAM.length; length++) {
    const { documents, isCut } = split(STREAM.subarray(0, length));
    const whole = ends.filter((end) => end <= length).length;
    expect(documents).toEqual(DOCUMENTS.slice(0, whole));
    const rest = STREAM.subarray(whole === 0 ? 0 : ends[whole - 1], length)
      .toString()
      .trim();
    expect(isCut).toBe(rest !== "");
  }
});

describe("limits", () => {
  test("a document without end is refused", () => {
    const splitter = new DocumentSplitter(100);
    expect(() => {
      for (let i = 0; i < 20; i++) [...splitter.push(Buffer.from("0123456789"))];
    }).toThrow("more than 100 bytes");
  });

  test("many small ones are not", () => {
    const splitter = new DocumentSplitter(40);
    expect([...splitter.push(Buffer.from("<a></GANGLIA_XML>".repeat(50)))]).toHaveLength(50);
  });
});
