import { expect, test } from "vitest";
import { Documents } from "../../../collector/serve/documents.js";
import { VirtualClock } from "../../support/virtual-clock.js";

function setUp(liveBytesMax?: number) {
  const clock = new VirtualClock();
  let built = 0;
  const documents = new Documents(clock, liveBytesMax);
  const build = (bytes: number) => () => {
    built++;
    return ["x".repeat(bytes)];
  };
  return { clock, documents, build, built: () => built };
}

test("what is built comes back whole, whatever its pieces", () => {
  const { documents } = setUp();
  const pieces = Array.from({ length: 5_000 }, (_, i) => `<a>${i}</a>\n`.repeat(i % 7));
  const document = documents.open(undefined, () => pieces);
  expect(Buffer.concat(document?.chunks ?? []).toString()).toBe(pieces.join(""));
  expect(document?.bytes).toBe(pieces.join("").length);
  expect(document?.chunks.length).toBeGreaterThan(1);
});

test("who asks for the same within a second gets the same bytes", async () => {
  const { clock, documents, build, built } = setUp();
  const first = documents.open("k", build(10));
  const second = documents.open("k", build(10));
  expect(second?.chunks).toBe(first?.chunks);
  documents.open("other", build(10));
  expect(built()).toBe(2);
  await clock.advance(1_000);
  documents.open("k", build(10));
  expect(built()).toBe(3);
});

test("bytes count once until the last user and the second are over", async () => {
  const { clock, documents, build } = setUp();
  const first = documents.open("k", build(10));
  const second = documents.open("k", build(10));
  expect(documents.liveBytes).toBe(10);
  first?.release();
  first?.release();
  await clock.advance(1_000);
  expect(documents.liveBytes).toBe(10);
  second?.release();
  expect(documents.liveBytes).toBe(0);
});

test("beyond the limit nothing is opened until something is released", () => {
  const { documents, build, built } = setUp(100);
  const large = documents.open(undefined, build(60));
  expect(documents.open(undefined, build(60))).toBeUndefined();
  const small = documents.open(undefined, build(40));
  expect(small?.bytes).toBe(40);
  expect(built()).toBe(3);
  expect(documents.open(undefined, build(1))).toBeUndefined();
  expect(built()).toBe(3);
  large?.release();
  expect(documents.open(undefined, build(60))?.bytes).toBe(60);
});

test("one document that is over the limit alone is opened, but no second one", () => {
  const { documents, build } = setUp(100);
  expect(documents.open(undefined, build(500))?.bytes).toBe(500);
  expect(documents.open(undefined, build(1))).toBeUndefined();
});

test("a few words are opened whatever is held", () => {
  const { documents, build } = setUp(100);
  documents.open(undefined, build(100));
  expect(documents.openSmall(build(5)).chunks.length).toBe(1);
  expect(documents.liveBytes).toBe(100);
});

test("closing leaves no timer", () => {
  const { clock, documents, build } = setUp();
  documents.open("k", build(1));
  documents.close();
  expect(clock.pendingTimers).toBe(0);
});

test("a document that cannot be built holds nothing", () => {
  const { documents } = setUp();
  const fail = () => {
    throw new Error("no");
  };
  expect(() => documents.open("k", fail)).toThrow("no");
  expect(documents.liveBytes).toBe(0);
});
