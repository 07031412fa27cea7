import { MemoryArchive, type MemoryData } from "../../../storage/memory/memory-archive.js";
import { archiveContract } from "../../contract/archive-contract.js";

archiveContract("memory", async () => {
  const data: MemoryData = new Map();
  return {
    archive: new MemoryArchive(data),
    reopen: async () => new MemoryArchive(data),
    cleanup: async () => data.clear(),
  };
});
