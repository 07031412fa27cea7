import { MemoryEventStore, MemoryEvents } from "../../../storage/memory/memory-event-store.js";
import { eventStoreContract } from "../../contract/event-store-contract.js";

eventStoreContract("memory", async () => {
  const data = new MemoryEvents();
  return { store: new MemoryEventStore(data), reopen: async () => new MemoryEventStore(data), cleanup: async () => {} };
});
