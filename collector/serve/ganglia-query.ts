/** The request line of gmetad's interactive port: `/cluster/host/metric?filter=summary`. */

export interface GangliaQuery {
  /** Cluster, host, metric; deeper ones name nothing. An empty name matches nothing. */
  readonly path: readonly string[];
  readonly summary: boolean;
}

/** gmetad's list, against injection into whatever stood behind it; and control characters. */
const FORBIDDEN = /[>!@#$%`;|"\\'<\u0000-\u001f\u007f]/;

/**
 * @param line without its line end
 * @returns undefined where gmetad closes without a word
 */
export function parseGangliaQuery(line: string): GangliaQuery | undefined {
  if (!line.startsWith("/") || FORBIDDEN.test(line)) return undefined;
  const question = line.indexOf("?");
  const filter = question < 0 ? undefined : line.slice(question + 1);
  const equals = filter?.indexOf("=") ?? 0;
  if (equals < 0) return undefined;
  const path = line.slice(1, question < 0 ? line.length : question).replace(/\/$/, "");
  return {
    path: path === "" ? [] : path.split("/"),
    // Only the text after the first = counts, and only this word; others filter nothing.
    summary: filter?.slice(equals + 1) === "summary",
  };
}
