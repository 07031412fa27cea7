/**
 * Which sums of a document are told. A GRID with HOSTS and METRICS of its own
 * has counted everything inside it, so the outermost such level is taken and
 * nothing below it; grids are nested three deep in a federation of gmetads.
 *
 *   GRID self            no sums of its own
 *     CLUSTER here       hosts: read in detail elsewhere
 *     GRID child         sums: told ◄
 *       GRID grandchild  sums: part of child's, not told
 *     CLUSTER there      sums: told ◄
 *
 * Where hosts stand inside a grid that has sums as well, those hosts are taken in
 * detail; the grid's sums would count them twice, so what is inside it is told
 * instead. Only what was seen to its end is told.
 *
 * Places are noted while the document is walked and read afterwards, so that
 * what is part of something else costs no reading.
 */
import type { ClusterFacts } from "../../../model/host.js";

/** A GRID or CLUSTER and where its sums stand. */
export interface SumsPlace {
  readonly kind: "grid" | "cluster";
  readonly name: string;
  /** "" for a cluster. */
  readonly authority: string;
  readonly facts: ClusterFacts;
  /** LOCALTIME, epoch seconds; 0 = none. */
  readonly localtimeS: number;
  /** Position of the first HOSTS or METRICS; 0 = none yet, -1 = they are not to be told: its tag is broken. */
  at: number;
}

interface OpenGrid {
  readonly place: SumsPlace;
  /** Places noted when it was opened. */
  readonly mark: number;
  /** Hosts stand in it, at any depth. */
  hasHosts: boolean;
}

export class GridStack {
  /** Of what was told to the stack so far: the outermost sums of whole grids and clusters. */
  readonly places: SumsPlace[] = [];
  /** GRID elements open, those too deep to be kept included. */
  depth = 0;
  /** Places that there was no room for. */
  refused = 0;
  readonly #open: OpenGrid[] = [];
  readonly #depthMax: number;
  readonly #placesMax: number;

  /** Further sums than `placesMax` are refused. */
  constructor(depthMax: number, placesMax: number) {
    this.#depthMax = depthMax;
    this.#placesMax = placesMax;
  }

  /**
   * A GRID begins.
   * @param place its `at` is 0, or -1
   * @returns false where it is too deep to be kept
   */
  enter(place: SumsPlace): boolean {
    if (++this.depth > this.#depthMax) return false;
    this.#open.push({ place, mark: this.places.length, hasHosts: false });
    return true;
  }

  /** HOSTS or METRICS, directly inside the grid that was opened last. */
  sumsAt(at: number): void {
    if (this.depth > this.#depthMax) return;
    const grid = this.#open.at(-1);
    if (grid !== undefined && grid.place.at === 0) grid.place.at = at;
  }

  /** A CLUSTER in sums, seen to its end. */
  cluster(place: SumsPlace): void {
    this.#note(place);
  }

  /** A CLUSTER with hosts, or one that may have some. */
  hosts(): void {
    const grid = this.#open.at(-1);
    if (grid !== undefined) grid.hasHosts = true;
  }

  /** A GRID ends; one end too many is nothing. */
  leave(): void {
    if (this.depth === 0) return;
    if (this.depth-- > this.#depthMax) return;
    this.#close(true);
  }

  /** @param complete the end of the document was seen; else grids that are still open are not told */
  finish(complete: boolean): void {
    while (this.#open.length > 0) this.#close(complete);
    this.depth = 0;
  }

  #close(whole: boolean): void {
    const grid = this.#open.pop();
    if (grid === undefined) return;
    const outer = this.#open.at(-1);
    if (outer !== undefined && grid.hasHosts) outer.hasHosts = true;
    if (grid.place.at <= 0 || grid.hasHosts) return;
    this.places.length = grid.mark;
    if (whole) this.#note(grid.place);
  }

  #note(place: SumsPlace): void {
    if (this.places.length < this.#placesMax) this.places.push(place);
    else this.refused++;
  }
}
