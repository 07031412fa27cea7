/** The hosts of one CLUSTER, in the order in which they are expected to come. */
import { quoteName } from "../../../model/names.js";
import type { ClusterMemory, HostMemory } from "./cluster-memory.js";
import { FaultList } from "./fault-list.js";
import { HostReader } from "./host-reader.js";
import type { ReaderLimits } from "./limits.js";
import { CUT, EMPTY_DOCUMENT, FAULT, GREATER, isTagAt, LESS, type XmlDocument } from "./octets.js";
import type { SourceClock } from "./source-clock.js";

const HOST = "<HOST";
const END = "</CLUSTER";
/** Where these stand the hosts of a cluster are over, whether it was closed or not. */
const ENDS = [END, "<CLUSTER", "</GRID", "<GRID", "</GANGLIA_XML"];

/** @returns where the next host begins or the cluster ends, at or after `at`; CUT if neither comes */
export function findHostOrEnd(octets: Uint8Array, at: number): number {
  for (let next = octets.indexOf(LESS, at); next >= 0; next = octets.indexOf(LESS, next + 1)) {
    if (isTagAt(octets, next, HOST) || ENDS.some((word) => isTagAt(octets, next, word))) return next;
  }
  return CUT;
}

export function isHostAt(octets: Uint8Array, at: number): boolean {
  return isTagAt(octets, at, HOST);
}

export class ClusterReader {
  /** Hosts taken from this document. */
  hosts = 0;

  readonly #limits: ReaderLimits;
  readonly #host: HostReader;
  #document: XmlDocument = EMPTY_DOCUMENT;
  #faults: FaultList;

  constructor(limits: ReaderLimits) {
    this.#limits = limits;
    this.#faults = new FaultList(limits.faultsMax);
    this.#host = new HostReader(limits, this.#faults);
  }

  begin(document: XmlDocument, documentNumber: number, faults: FaultList): void {
    this.hosts = 0;
    this.#document = document;
    this.#faults = faults;
    this.#host.begin(document, documentNumber, faults);
  }

  release(): void {
    this.#document = EMPTY_DOCUMENT;
    this.#host.release();
  }

  /**
   * Fills the cluster's frame.
   * @param start where the first host begins, or what ends the cluster
   * @returns the position behind what ended it, or CUT
   */
  read(memory: ClusterMemory, start: number, clock: SourceClock): number {
    const { octets } = this.#document;
    let expected = memory.first;
    let last: HostMemory | undefined;
    let at = start;
    while (at !== CUT && isHostAt(octets, at)) {
      const next = this.#readHost(memory, expected, at, clock);
      if (next === CUT) return CUT;
      const { host } = this.#host;
      // A host never seen does not move what is expected.
      if (host !== undefined) expected = host.next ?? (host === expected ? undefined : expected);
      if (next === FAULT) {
        at = findHostOrEnd(octets, at + HOST.length);
        continue;
      }
      if (host !== undefined) {
        if (last === undefined) memory.first = host;
        else last.next = host;
        last = host;
      }
      at = findHostOrEnd(octets, next);
    }
    return at === CUT ? CUT : this.#end(memory, at);
  }

  #readHost(memory: ClusterMemory, expected: HostMemory | undefined, at: number, clock: SourceClock): number {
    if (this.hosts >= this.#limits.hostsMax) {
      this.#faults.add(`more than ${this.#limits.hostsMax} hosts in one document`);
      return FAULT;
    }
    const next = this.#host.read(memory, expected, at, clock);
    if (next === FAULT) this.#faults.add(this.#host.fault);
    if (next >= 0 && !this.#host.again) {
      this.hosts++;
      memory.hostsSeen++;
    }
    return next;
  }

  #end(memory: ClusterMemory, at: number): number {
    const { octets } = this.#document;
    if (isTagAt(octets, at, END)) {
      const close = octets.indexOf(GREATER, at);
      return close < 0 ? CUT : close + 1;
    }
    if (memory.tagged) this.#faults.add(`cluster ${quoteName(memory.name)} is not closed`);
    return at;
  }
}
