/** Particulars of alert events as people read them. */

/** A command as one would type it: words that need it are quoted. Not for running. */
export function showArgv(json: string): string {
  let words: unknown;
  try {
    words = JSON.parse(json);
  } catch {
    return json;
  }
  if (!Array.isArray(words)) return json;
  return words
    .map(String)
    .map((word) => (/^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}

/** Event kinds in words, and what they mean for the eye. */
export const KIND_WORDS: Readonly<Record<string, { readonly text: string; readonly tone: string }>> = Object.freeze({
  fired: { text: "fired", tone: "bad" },
  resolved: { text: "resolved", tone: "good" },
  expired: { text: "ended: host gone", tone: "quiet" },
  "notice-sent": { text: "notice sent", tone: "quiet" },
  "notice-failed": { text: "notice failed", tone: "bad" },
  "command-started": { text: "command started", tone: "quiet" },
  "command-finished": { text: "command finished", tone: "quiet" },
  "command-refused": { text: "command refused", tone: "bad" },
  "command-unknown": { text: "command outcome unknown", tone: "bad" },
});
