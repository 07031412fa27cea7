/** How the loader reaches files; tests hand in a map of texts. */
import { closeSync, openSync, readdirSync, readSync } from "node:fs";

export interface ConfigFiles {
  /**
   * @returns the content, or its first bytesMax bytes
   * @throws a system error with a code
   */
  read(path: string, bytesMax: number): Uint8Array;
  /**
   * @returns names in a directory, in any order
   * @throws a system error with a code
   */
  list(directory: string): readonly string[];
}

export const nodeConfigFiles: ConfigFiles = Object.freeze({
  read(path: string, bytesMax: number): Uint8Array {
    const file = openSync(path, "r");
    try {
      // Read in a loop and not by size: /dev/stdin and /proc have none.
      const chunks: Uint8Array[] = [];
      let length = 0;
      while (length < bytesMax) {
        const chunk = new Uint8Array(Math.min(65_536, bytesMax - length));
        const count = readSync(file, chunk);
        if (count === 0) break;
        chunks.push(chunk.subarray(0, count));
        length += count;
      }
      return Buffer.concat(chunks);
    } finally {
      closeSync(file);
    }
  },
  list: (directory: string): readonly string[] => readdirSync(directory),
});
