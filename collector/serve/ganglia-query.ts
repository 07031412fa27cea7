/**
 * What gmetad's interactive port is asked: `/cluster/host/metric?filter=summary`, bare or as the target of an
 * HTTP request. In a bare line names are sent raw, as gmetad wants them. In HTTP they may be percent-encoded as
 * well, which gmetad refuses: a browser cannot send a blank otherwise, nor anyone a slash inside of a name.
 */

export interface GangliaQuery {
  /** Cluster, host, metric; deeper ones name nothing. An empty name matches nothing. */
  readonly path: readonly string[];
  readonly summary: boolean;
  /** As HTTP has it: what is not found is nothing, and EVERY matches every child. Else the deepest match counts. */
  readonly exact?: true;
}

/** An element of an exact path, written `*`. No name has a control character, so none is hidden by it. */
export const EVERY = "\u0000*";

/** gmetad's list, against injection into whatever stood behind it; and control characters. */
const FORBIDDEN = /[>!@#$%`;|"\\'<\u0000-\u001f\u007f]/;
/** The same, but what is needed to encode a name and what JavaScript's encodeURIComponent leaves as it is. */
const FORBIDDEN_IN_HTTP = /[>@#$`;|"\\<\u0000-\u001f\u007f]/;

/**
 * @param line without its line end
 * @returns undefined where gmetad closes without a word
 */
export function parseGangliaQuery(line: string): GangliaQuery | undefined {
  return FORBIDDEN.test(line) ? undefined : parseTarget(line);
}

/**
 * @param target of an HTTP request
 * @returns undefined where it is none of gmetad's grammar, or not rightly encoded
 */
export function parseHttpQuery(target: string): GangliaQuery | undefined {
  if (FORBIDDEN_IN_HTTP.test(target)) return undefined;
  const query = parseTarget(target);
  if (query === undefined) return query;
  // The whole grid is the whole grid, however it is asked for; but "//" asks for a name, the empty one.
  if (query.path.length === 0) return target.startsWith("//") ? { ...query, path: [""], exact: true } : query;
  try {
    const path = query.path.map((element) => (element === "*" ? EVERY : decodeURIComponent(element)));
    return { path, summary: query.summary, exact: true };
  } catch {
    return undefined;
  }
}

function parseTarget(target: string): GangliaQuery | undefined {
  if (!target.startsWith("/")) return undefined;
  const question = target.indexOf("?");
  const filter = question < 0 ? undefined : target.slice(question + 1);
  const equals = filter?.indexOf("=") ?? 0;
  if (equals < 0) return undefined;
  const path = target.slice(1, question < 0 ? target.length : question).replace(/\/$/, "");
  return {
    path: path === "" ? [] : path.split("/"),
    // Only the text after the first = counts, and only this word; others filter nothing.
    summary: filter?.slice(equals + 1) === "summary",
  };
}
