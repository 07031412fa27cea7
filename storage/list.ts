/** All stores. A further one is a folder and a line here; see README.md. */
import { openSqliteStore } from "./sqlite/sqlite-store.js";
import type { OpenStore } from "./store.js";

export const STORES = Object.freeze({
  sqlite: openSqliteStore,
}) satisfies Readonly<Record<string, OpenStore>>;

export type StoreName = keyof typeof STORES;
