/**
 * An emulated cluster as the document of its gmond, written round by round. What
 * does not change from round to round is copied as octets, and only what changed
 * is computed, so that 1,000 hosts (12 MB) cost some 10 ms.
 */
import type { EmulatedCluster } from "./cluster.js";
import type { Template } from "./template.js";

const EPOCH_DIGITS = 10;
const ZERO = 0x30;
const POINT = 0x2e;

export class DocumentWriter {
  readonly #cluster: EmulatedCluster;
  readonly #opening: Buffer;
  /** By metric: from behind the TN of the one before up to this one's value; the last one ends the host. */
  readonly #beforeValue: readonly Buffer[];
  readonly #beforeTn: readonly Buffer[];
  /** By metric: the value of a text metric. */
  readonly #texts: readonly Buffer[];
  /** By host and metric. */
  readonly #changes: Int32Array;
  readonly #units: Int32Array;
  /** Two, because one may still be on its way to a reader. */
  readonly #buffers: [Buffer, Buffer];
  #turn: 0 | 1 = 0;
  #written: Buffer = Buffer.alloc(0);
  /** Where ten digits of a time stand, and by how much it is before LOCALTIME. */
  readonly #timesAt: Int32Array;
  readonly #timesBefore: Int32Array;

  constructor(template: Template, cluster: EmulatedCluster) {
    this.#cluster = cluster;
    const { metrics, options } = cluster;
    this.#opening = latin1(
      `${template.prologue}<GANGLIA_XML VERSION="3.7.2" SOURCE="gmond">\n<CLUSTER NAME="${options.name}" LOCALTIME="`,
    );
    const open = (metric: number) =>
      metric < metrics.length ? `<METRIC NAME="${metrics[metric]?.name}" VAL="` : "</HOST>\n";
    this.#beforeValue = Array.from({ length: metrics.length + 1 }, (_, metric) =>
      latin1(`${metrics[metric - 1]?.behindTn ?? ""}${open(metric)}`),
    );
    this.#beforeTn = metrics.map(({ betweenValueAndTn }) => latin1(betweenValueAndTn));
    this.#texts = metrics.map(({ value }) => latin1(value));
    this.#changes = new Int32Array(options.hosts * metrics.length).fill(-1);
    this.#units = new Int32Array(options.hosts * metrics.length);
    this.#timesAt = new Int32Array(options.hosts + 1);
    this.#timesBefore = new Int32Array(options.hosts + 1);
    const hostOctets = metrics.reduce(
      (sum, { behindTn, betweenValueAndTn }) => sum + behindTn.length + betweenValueAndTn.length + 120,
      1_000,
    );
    const room = this.#opening.length + 1_000 + options.hosts * hostOctets;
    this.#buffers = [Buffer.alloc(room), Buffer.alloc(room)];
  }

  /**
   * Writes the document of a round, without its times.
   * @returns how many values differ from the round written before
   */
  prepare(round: number): number {
    const cluster = this.#cluster;
    const { metrics, options } = cluster;
    this.#turn = this.#turn === 0 ? 1 : 0;
    const out = this.#buffers[this.#turn];
    let changed = 0;
    let at = copy(out, this.#opening, 0);
    at = this.#time(at, 0, 0);
    at += put(out, '" OWNER="unspecified" LATLONG="unspecified" URL="unspecified">\n', at);
    for (let host = 0; host < options.hosts; host++) {
      const tnS = cluster.hostTnAt(host, round);
      at += put(out, `<HOST NAME="${cluster.hostName(host)}" IP="${cluster.hostIp(host)}" TAGS="" REPORTED="`, at);
      at = this.#time(at, host + 1, tnS);
      at += put(out, `" TN="${tnS}" TMAX="20" DMAX="0" LOCATION="unspecified" GMOND_STARTED="1795288945">\n`, at);
      for (let metric = 0; metric < metrics.length; metric++) {
        at = copy(out, this.#beforeValue[metric] as Buffer, at);
        if (cluster.isText(metric)) {
          at = copy(out, this.#texts[metric] as Buffer, at);
        } else {
          const cell = host * metrics.length + metric;
          const changes = cluster.changesAt(host, metric, round);
          if (this.#changes[cell] !== changes) {
            this.#changes[cell] = changes;
            this.#units[cell] = cluster.unitsAt(host, metric, changes);
            changed++;
          }
          at = writeFixed(out, this.#units[cell] as number, metrics[metric]?.decimals ?? 0, at);
        }
        at = copy(out, this.#beforeTn[metric] as Buffer, at);
        at = writeFixed(out, cluster.tnAt(host, metric, round), 0, at);
      }
      at = copy(out, this.#beforeValue[metrics.length] as Buffer, at);
    }
    at += put(out, "</CLUSTER>\n</GANGLIA_XML>\n", at);
    this.#written = out.subarray(0, at);
    return changed;
  }

  /** @returns the document prepared last, as of this second; valid until the next but one is prepared */
  document(localtimeS: number): Buffer {
    for (let i = 0; i < this.#timesAt.length; i++) {
      let rest = localtimeS - (this.#timesBefore[i] as number);
      const start = this.#timesAt[i] as number;
      for (let digit = start + EPOCH_DIGITS - 1; digit >= start; digit--) {
        this.#written[digit] = ZERO + (rest % 10);
        rest = Math.floor(rest / 10);
      }
    }
    return this.#written;
  }

  /** Leaves room for a time. @returns the position behind it */
  #time(at: number, index: number, beforeS: number): number {
    this.#timesAt[index] = at;
    this.#timesBefore[index] = beforeS;
    return at + EPOCH_DIGITS;
  }
}

function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

function put(out: Buffer, text: string, at: number): number {
  return out.write(text, at, "latin1");
}

function copy(out: Buffer, piece: Buffer, at: number): number {
  out.set(piece, at);
  return at + piece.length;
}

/** Writes units / 10^decimals with that many decimals. @returns the position behind it */
function writeFixed(out: Buffer, units: number, decimals: number, at: number): number {
  let digits = 1;
  for (let limit = 10; units >= limit && digits < EPOCH_DIGITS; limit *= 10) digits++;
  const least = decimals + 1;
  if (digits < least) digits = least;
  const length = digits + (decimals > 0 ? 1 : 0);
  let rest = units;
  for (let i = length - 1; i >= 0; i--) {
    if (decimals > 0 && i === length - 1 - decimals) {
      out[at + i] = POINT;
      continue;
    }
    const tenth = Math.floor(rest / 10);
    out[at + i] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return at + length;
}
