/** rrdtool's dump rounds by a way of its own: the last of eleven digits may be one beside the nearest. */
export function isSameDump(ours: string, theirs: string): boolean {
  if (ours === theirs) return true;
  const number = /-?\d\.\d{10}e[+-]\d+/g;
  // The name of the time zone is the system's, which knows more short ones than JavaScript.
  const plain = (text: string) => text.replaceAll(number, "#").replaceAll(/(\d\d:\d\d:\d\d) \S+/g, "$1");
  if (plain(ours) !== plain(theirs)) return false;
  const expected = theirs.match(number) ?? [];
  return (ours.match(number) ?? []).every((text, i) => {
    const [a, b] = [Number(text), Number(expected[i])];
    return text === expected[i] || Math.abs(a - b) <= Math.abs(b) * 1.01e-10;
  });
}
