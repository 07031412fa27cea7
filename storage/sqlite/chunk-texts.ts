/** Texts of a chunk: each different one once, then a number for each sample. */
import { type ByteReader, BytesError, type ByteWriter } from "./bytes.js";

export function writeTexts(writer: ByteWriter, texts: readonly string[]): void {
  const numberOf = new Map<string, number>();
  for (const text of texts) if (!numberOf.has(text)) numberOf.set(text, numberOf.size);
  writer.varint(numberOf.size);
  for (const text of numberOf.keys()) writeText(writer, text);
  for (const text of texts) writer.varint(numberOf.get(text) as number);
}

export function readTexts(reader: ByteReader, count: number): string[] {
  const differentCount = reader.varint();
  if (differentCount > count) throw new BytesError(`${differentCount} different texts among ${count}`);
  const different: string[] = [];
  for (let i = 0; i < differentCount; i++) different.push(readText(reader));
  const texts: string[] = [];
  for (let i = 0; i < count; i++) {
    const number = reader.varint();
    const text = different[number];
    if (text === undefined) throw new BytesError(`text ${number} of ${differentCount} does not exist`);
    texts.push(text);
  }
  return texts;
}

/** Length in bytes, doubled; plus one where UTF-8 would lose half a surrogate pair and it is UTF-16. */
function writeText(writer: ByteWriter, text: string): void {
  const utf8 = Buffer.from(text, "utf8");
  const lossless = utf8.toString("utf8") === text;
  const bytes = lossless ? utf8 : Buffer.from(text, "utf16le");
  writer.varint(2 * bytes.length + (lossless ? 0 : 1));
  writer.raw(bytes);
}

function readText(reader: ByteReader): string {
  const head = reader.varint();
  const bytes = reader.raw(Math.floor(head / 2));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(head % 2 === 0 ? "utf8" : "utf16le");
}
