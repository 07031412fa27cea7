/**
 * Names of clusters, hosts and metrics come from the network and are hostile.
 * They are checked once, where they enter; after that they are plain text that
 * every output escapes for itself. Nothing here makes a path: a store encodes
 * names for its own files.
 */

/**
 * Longest name in UTF-16 units. gmetad keeps all strings of one host or metric
 * in 1572 octets and gmond prints them through 1024; DNS allows 253. A longer
 * name is no name that a running Ganglia could have carried.
 */
export const NAME_LENGTH_MAX = 512;

/** Why a name is refused, in words for a log line; undefined when it is fine. */
export function nameFault(name: string): string | undefined {
  if (name.length === 0) return "it is empty";
  if (name.length > NAME_LENGTH_MAX) {
    return `it has ${name.length} characters, at most ${NAME_LENGTH_MAX} are allowed`;
  }
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    // C0, DEL and C1 would break lines of logs, mails and terminals.
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
      return `it has a control character (code ${code}) at position ${i}`;
    }
    // Lone surrogates cannot be written as UTF-8.
    if (code >= 0xd800 && code <= 0xdfff) {
      const next = name.charCodeAt(i + 1);
      const paired = code <= 0xdbff && next >= 0xdc00 && next <= 0xdfff;
      if (!paired) return `it has half a surrogate pair at position ${i}`;
      i++;
    }
  }
  return undefined;
}

/** A name for a log line or an error: quoted, printable, and not endless. */
export function quoteName(name: string): string {
  const shown = name.length > 80 ? `${name.slice(0, 80)}...` : name;
  return JSON.stringify(shown);
}
