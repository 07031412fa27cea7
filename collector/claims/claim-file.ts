/**
 * Which source has told of which clusters, as it is remembered over restarts: one JSON text,
 * `{ "version": 1, "sources": [{ "reads": "...", "clusters": ["...", ...] }, ...] }`. Nothing but the present hangs on
 * it: without it, or where it cannot be read, unclaimed clusters are shown a little longer.
 */

/** Where the text lives. */
export interface ClaimStore {
  /** @returns "" where there is none */
  load(): string;
  /** Replaces the text as a whole. */
  save(text: string): void;
}

const VERSION = 1;

/** @returns clusters by what a source reads; empty where the text is none of ours */
export function parseTold(text = ""): Map<string, Set<string>> {
  const told = new Map<string, Set<string>>();
  for (const entry of sourcesIn(text)) {
    const { reads, clusters } = entry as { readonly reads?: unknown; readonly clusters?: unknown };
    if (typeof reads !== "string" || !Array.isArray(clusters)) continue;
    told.set(reads, new Set(clusters.filter((name) => typeof name === "string")));
  }
  return told;
}

export function formatTold(told: ReadonlyMap<string, ReadonlySet<string>>): string {
  const sources = [...told].map(([reads, clusters]) => ({ reads, clusters: [...clusters] }));
  return `${JSON.stringify({ version: VERSION, sources })}\n`;
}

function sourcesIn(text: string): object[] {
  try {
    const { version, sources } = JSON.parse(text) as { readonly version?: unknown; readonly sources?: unknown };
    if (version !== VERSION || !Array.isArray(sources)) return [];
    return sources.filter((entry) => typeof entry === "object" && entry !== null);
  } catch {
    return [];
  }
}
