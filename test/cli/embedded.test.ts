/** What `grate start` makes of a machine. */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { loadConfiguration } from "../../collector/bin/configuration.js";
import { isGmondAt, writeEmbeddedConfiguration } from "../../collector/bin/embedded.js";
import { systemClock } from "../../core/base/clock.js";
import { GrateError } from "../../core/base/errors.js";
import { VirtualClock } from "../support/virtual-clock.js";

const DOCUMENT = readFileSync("test/fixtures/ganglia-3.7.2/gmond-8649.xml");

let server: Server | undefined;
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  server?.close();
  server = undefined;
});

async function serve(answer: (socket: Socket) => void) {
  const made = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    answer(socket);
  });
  server = made;
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  return { host: "127.0.0.1", port: (made.address() as AddressInfo).port };
}

test.each<[string, (socket: Socket) => void, boolean]>([
  ["a gmond", (socket) => socket.end(DOCUMENT), true],
  ["a gmond that stops after its first lines", (socket) => socket.write(DOCUMENT.subarray(0, 100)), true],
  ["a web server", (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"), false],
  ["another kind of XML", (socket) => socket.end(`<?xml version="1.0"?>${" ".repeat(5_000)}`), false],
  ["one that closes at once", (socket) => socket.end(), false],
  ["one that resets", (socket) => socket.resetAndDestroy(), false],
])("%s: %#", async (_, answer, expected) => {
  expect(await isGmondAt(await serve(answer), systemClock)).toBe(expected);
});

test("nobody there", async () => {
  const address = await serve(() => {});
  await new Promise((resolve) => server?.close(resolve));
  expect(await isGmondAt(address, systemClock)).toBe(false);
});

test("one that never says anything is given up", async () => {
  const clock = new VirtualClock();
  let connected: () => void = () => {};
  const whenConnected = new Promise<void>((resolve) => {
    connected = resolve;
  });
  const found = isGmondAt(await serve(() => connected()), clock);
  await whenConnected;
  await clock.advance(1_500);
  expect(await found).toBe(false);
  expect(clock.pendingTimers).toBe(0);
});

test.each([
  [true, "ganglia-xml"],
  [false, "sensor"],
])("the file written with a gmond there (%s) is good and of type %s", (gmond, type) => {
  const directory = mkdtempSync(join(tmpdir(), "grate-embedded-"));
  try {
    const file = writeEmbeddedConfiguration(directory, gmond);
    writeEmbeddedConfiguration(directory, gmond);
    expect(loadConfiguration(file).config.sources.map((source) => source.type)).toEqual([type]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a directory that cannot be written is one line", () => {
  expect(() => writeEmbeddedConfiguration("/proc/nowhere", true)).toThrow(GrateError);
});
