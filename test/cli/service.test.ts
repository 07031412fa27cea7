/** The life of a service: stop, second stop, stop that hangs, reload. */
import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { runService, type Service } from "../../collector/bin/service.js";
import { silentLogger } from "../../core/base/log.js";
import { VirtualClock } from "../support/virtual-clock.js";

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];
  readonly sent: unknown[] = [];
  readonly channel: object | undefined;

  constructor(isChild = false) {
    super();
    this.channel = isChild ? {} : undefined;
  }

  exit(code: number): void {
    this.exits.push(code);
  }

  send(message: unknown): void {
    this.sent.push(message);
  }
}

function setUp(service: Partial<Service> = {}, isChild = false) {
  const clock = new VirtualClock();
  const process = new FakeProcess(isChild);
  const ended = new AbortController();
  let stops = 0;
  const whole: Service = {
    stop: async () => {
      stops++;
    },
    ...service,
  };
  const context = { clock, logger: silentLogger, process: process as unknown as NodeJS.Process, ended: ended.signal };
  const code = runService(whole, context);
  return { clock, process, ended, code, stops: () => stops };
}

test.each(["SIGTERM", "SIGINT"])("%s stops it, with code 0, and leaves no timer", async (signal) => {
  const { clock, process, code, stops } = setUp();
  process.emit(signal);
  expect(await code).toBe(0);
  expect([stops(), process.exits, clock.pendingTimers]).toEqual([1, [], 0]);
});

test("a stop that fails is code 1", async () => {
  const { process, code } = setUp({ stop: () => Promise.reject(new Error("no")) });
  process.emit("SIGTERM");
  expect(await code).toBe(1);
});

test("a stop that hangs ends the process within five seconds", async () => {
  const { clock, process } = setUp({ stop: () => new Promise(() => {}) });
  process.emit("SIGTERM");
  await clock.advance(4_000);
  expect(process.exits).toEqual([]);
  await clock.advance(999);
  expect(process.exits).toEqual([1]);
});

test("a second request ends the process at once, an echo of the first does not", async () => {
  const { clock, process } = setUp({ stop: () => new Promise(() => {}) });
  process.emit("SIGTERM");
  process.emit("SIGINT");
  await clock.advance(999);
  process.emit("SIGINT");
  expect(process.exits).toEqual([]);
  await clock.advance(1);
  process.emit("SIGINT");
  expect(process.exits).toEqual([1]);
});

test("a service that ends by itself stops", async () => {
  const { ended, code, stops, process } = setUp();
  ended.abort();
  process.emit("disconnect");
  expect(await code).toBe(0);
  expect(stops()).toBe(1);
});

test("a child says that it works, leaves Ctrl-C to its parent, and stops with it", async () => {
  const { process, code, stops } = setUp({}, true);
  expect(process.sent).toEqual(["ready"]);
  process.emit("SIGINT");
  expect(stops()).toBe(0);
  process.emit("disconnect");
  expect(await code).toBe(0);
  expect(stops()).toBe(1);
});

test("reloads come one after the other, and none during a stop", async () => {
  const log: string[] = [];
  let finish: () => void = () => {};
  const { clock, process, code } = setUp({
    reload: () => {
      log.push("begin");
      return new Promise((resolve) => {
        finish = () => {
          log.push("end");
          resolve();
        };
      });
    },
  });
  process.emit("SIGHUP");
  process.emit("SIGHUP");
  await clock.advance(0);
  expect(log).toEqual(["begin"]);
  finish();
  await clock.advance(0);
  expect(log).toEqual(["begin", "end", "begin"]);
  process.emit("SIGHUP");
  process.emit("SIGTERM");
  process.emit("SIGHUP");
  finish();
  await code;
  await clock.advance(0);
  expect(log).toEqual(["begin", "end", "begin", "end"]);
});
