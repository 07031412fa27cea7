/** Updates as lines for rrdcached. Pure. */
import { readingText } from "../../arithmetic/value-text.js";
import type { RrdDefinition } from "../../format/definition.js";

/** Its journal keeps the first 4,095 octets of a line, and no more. */
const LINE_OCTETS_MAX = 4_000;

/**
 * @param rows row by row, a value for each data source
 * @returns lines with their ends
 */
export function updateLines(
  path: string,
  { dataSources }: RrdDefinition,
  timesS: ArrayLike<number>,
  rows: ArrayLike<number>,
): string[] {
  const begin = `UPDATE ${escaped(path)}`;
  const beginOctets = Buffer.byteLength(begin);
  const lines: string[] = [];
  let line = begin;
  let octets = beginOctets;
  for (let i = 0; i < timesS.length; i++) {
    const values = dataSources.map(({ type }, ds) => readingText(rows[i * dataSources.length + ds] as number, type));
    const update = ` ${timesS[i]}:${values.join(":")}`;
    // Digits, signs and letters: an octet each.
    if (octets + update.length > LINE_OCTETS_MAX && octets > beginOctets) {
      lines.push(`${line}\n`);
      line = begin;
      octets = beginOctets;
    }
    line += update;
    octets += update.length;
  }
  if (octets > beginOctets) lines.push(`${line}\n`);
  return lines;
}

/** Blanks part its fields. Names have no line ends: they are no names of ours then. */
export function escaped(path: string): string {
  return path.replaceAll(/[\\ ]/g, "\\$&");
}
