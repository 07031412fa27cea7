/** What must not end up in a log or on a screen, though somebody has written it into the configuration. */

export const MASK = "***";

/** @returns whether a value under this key is likely to be a secret */
export function isSecretKey(key: string): boolean {
  return /pass|secret|token|credential|(?:api|private)[-_]?key/i.test(key);
}

/** @returns the text without the passwords of URLs in it */
export function maskUrls(text: string): string {
  return text.replace(/(\/\/[^/@\s:"']*):[^/@\s"']*@/g, `$1:${MASK}@`);
}
