/** Documents as a store of history: held to the contract of archives, with samples in the log and with samples in documents. */
import { storageSchema } from "../../../storage/config.js";
import { XmlArchive, type XmlArchiveOptions } from "../../../storage/xml/xml-archive.js";
import { archiveContract } from "../../contract/archive-contract.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { KeptLog } from "../support/sqlite.js";
import { temporaryDirectory } from "../support/temporary.js";

function options(stateDir: string, more: Partial<XmlArchiveOptions> = {}): XmlArchiveOptions {
  const config = storageSchema.parse({ xml: {} }).xml;
  if (config === undefined) throw new Error("no configuration");
  return { config, stateDir, clock: new VirtualClock(), log: new KeptLog(), ...more };
}

/** Every append is the end of a spill, and nothing is held back: what is read is read out of documents. */
class WrittenAtOnce extends XmlArchive {
  override async append(...given: Parameters<XmlArchive["append"]>): Promise<void> {
    // Both at once: the suite closes it meanwhile.
    await Promise.all([super.append(...given), this.endSpill()]);
    if (this.health().message !== "") throw new Error(this.health().message);
  }
}

for (const [name, Kind, more] of [
  ["samples that wait for their documents", XmlArchive, {}],
  ["documents written at each append", WrittenAtOnce, { heldBackS: 0 }],
] as const) {
  archiveContract(`xml, ${name}`, async () => {
    const directory = temporaryDirectory();
    const open = () => new Kind(options(directory.path, more));
    let newest: XmlArchive = open();
    return {
      archive: newest,
      reopen: async () => {
        newest = open();
        return newest;
      },
      cleanup: async () => {
        await newest.close();
        directory.remove();
      },
    };
  });
}
