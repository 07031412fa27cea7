/** As C reads numbers of a command line: what is no digit ends it, no digit at all is 0. */
export function leadingInteger(text: string): number {
  return Number(/^\s*([+-]?\d+)/.exec(text)?.[1] ?? 0);
}
