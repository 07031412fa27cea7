/**
 * Are sums still being made? A gmetad repeats the sums of a child grid for ever
 * after the child has died, hosts up included. The only sign is that the child's
 * LOCALTIME stands still, whatever its clock says.
 */

/**
 * A gmetad may read its children less often than we read it, and the child's
 * LOCALTIME moves only then. Twice the longest step in common use, five minutes.
 */
const STALLED_MS = 600_000;

interface Known {
  readonly localtimeS: number;
  /** When it was first seen, epoch ms on our clock. */
  readonly sinceMs: number;
}

export class SumsAges {
  #known = new Map<string, Known>();
  #next = new Map<string, Known>();

  /**
   * @param key names the grid or cluster
   * @param localtimeS its LOCALTIME, epoch seconds; 0 if there is none
   * @returns when its sums were made as far as we can tell, epoch ms on our clock
   */
  timeMs(key: string, localtimeS: number, receivedMs: number): number {
    if (localtimeS === 0) return receivedMs;
    const known = this.#known.get(key);
    const same = known?.localtimeS === localtimeS;
    const sinceMs = same ? known.sinceMs : receivedMs;
    this.#next.set(key, { localtimeS, sinceMs });
    return receivedMs - sinceMs > STALLED_MS ? sinceMs : receivedMs;
  }

  /** Behind a document: what was not in it is forgotten, unless the document was cut. */
  turn(complete: boolean): void {
    if (complete) {
      this.#known = this.#next;
      this.#next = new Map();
    } else {
      for (const [key, known] of this.#next) this.#known.set(key, known);
      this.#next.clear();
    }
  }
}
