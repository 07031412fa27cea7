/**
 * gmetad's `/status`: its condition as JSON, with or without HTTP around the question. The shape is gmetad's,
 * for who graphs it; counts that we do not keep are 0, and what the machine does is left to its sensor.
 *
 * gmetad takes every line that begins with "/status", in any case, and so hides clusters of such names. Here a
 * cluster or grid that has the name goes first; the status of a collector with a cluster "status" is at "/STATUS".
 */
import { availableParallelism, hostname, loadavg, machine, release, totalmem, type, uptime } from "node:os";
import type { Clock } from "../../core/base/clock.js";
import type { SourceHealth } from "../../core/model/source.js";
import type { Status } from "../../core/wire/extension/index.js";
import type { PortCounters } from "./counters.js";
import { httpHead, httpRefusal, JSON_TYPE } from "./http-form.js";

/** So that nothing but a call comes of it, whatever page loads it as a script. */
const CALLBACK = /^[A-Za-z_][\w.]{0,127}$/;

export interface GmetadStatusOptions {
  /** Name of the grid. */
  readonly grid: string;
  readonly clock: Clock;
  readonly status: () => Status;
  /** As the collector's health gives them. */
  readonly counters: () => Readonly<Record<string, number>>;
  readonly ports: () => Readonly<Record<"dump" | "query", PortCounters>>;
  /** Whether a cluster or grid is called so. */
  readonly isName: (name: string) => boolean;
}

export class GmetadStatus {
  readonly #options: GmetadStatusOptions;

  constructor(options: GmetadStatusOptions) {
    this.#options = options;
  }

  /**
   * @param target a bare line, or the target of a GET
   * @returns the whole reply with its HTTP head, undefined where something else is asked for
   */
  answer(target: string): string | undefined {
    const path = /^\/(status[^/?]*)([^?]*)(?:\?(.*))?$/i.exec(target);
    if (path === null || this.#isName(path[1] as string)) return undefined;
    const callback = /(?:^|&)callback=([^&]*)/.exec(path[3] ?? "")?.[1];
    if (callback === undefined) return httpHead(200, JSON_TYPE) + this.#json();
    if (!CALLBACK.test(callback)) return httpRefusal(400, "the callback is not a name such as f or page.f");
    return `${httpHead(200, "application/javascript")}${callback}(${this.#json()});`;
  }

  /** A target of HTTP is encoded, a bare line is not. */
  #isName(written: string): boolean {
    const { isName } = this.#options;
    try {
      return isName(written) || isName(decodeURIComponent(written));
    } catch {
      return false;
    }
  }

  #json(): string {
    const { grid, clock, status, counters, ports } = this.#options;
    const { version, startedMs, uptimeMs, sources } = status();
    const report = {
      host: hostname(),
      gridname: grid,
      version,
      stattime: Math.floor(clock.nowMs()),
      boottime: Math.floor(startedMs),
      uptime: Math.floor(uptimeMs / 1_000),
      uptimeMillis: Math.floor(uptimeMs),
      metrics: {
        received: { all: counters()["cells"] ?? 0 },
        sent: sent(counters()["spilledSamples"] ?? 0),
        summarize: { cluster: 0, root: 0, totalMillis: 0, lastTime: 0 },
        requests: requests(ports()),
        polls: polls(sources),
        ...ofMachine(clock.nowMs()),
      },
    };
    // As text of a script, a grid's name must not end it; and two line ends of Unicode were none of JavaScript's.
    return JSON.stringify(report).replace(
      /[<>&\u007f-\uffff]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  }
}

const NEVER = Object.freeze({ num: 0, totalMillis: 0, lastTime: 0 });

/** Samples that went to stores; into which of gmetad's, nobody can say of ours. */
function sent(samples: number): object {
  return {
    all: { num: samples, totalMillis: 0 },
    rrdtool: NEVER,
    rrdcached: NEVER,
    graphite: NEVER,
    memcached: NEVER,
    riemann: NEVER,
  };
}

function requests({ dump, query }: Readonly<Record<"dump" | "query", PortCounters>>): object {
  const xml = dump.connections.answered;
  const interactive = query.connections.answered;
  return {
    all: { num: xml + interactive, totalMillis: 0 },
    interactive: { num: interactive, totalMillis: 0 },
    xml: { num: xml, totalMillis: 0 },
  };
}

function polls(sources: readonly SourceHealth[]): object {
  const total = (of: (source: SourceHealth) => number) => sources.reduce((sum, source) => sum + of(source), 0);
  const lastTime = Math.floor(Math.max(0, ...sources.map((source) => source.lastFrameMs)));
  return {
    ok: { num: total((source) => source.frames), totalMillis: 0, lastTime },
    failed: { num: total((source) => source.failures), totalMillis: 0, lastTime: 0 },
    misses: 0,
  };
}

/** What the system tells without being measured; gmetad runs gmond's modules for the rest. */
function ofMachine(nowMs: number): object {
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  return {
    cpu: { cpu_num: availableParallelism() },
    load: { load_one: one, load_five: five, load_fifteen: fifteen },
    memory: { mem_total: Math.floor(totalmem() / 1_024) },
    disk: {},
    network: {},
    process: {},
    system: {
      boottime: Math.floor(nowMs / 1_000 - uptime()),
      sys_clock: Math.floor(nowMs / 1_000),
      machine_type: machine(),
      os_name: type(),
      os_release: release(),
    },
  };
}
