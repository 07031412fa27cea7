/**
 * All stores. A further one is a folder and a line here; see README.md. Each is loaded by the thread that opens it and by no
 * other: the modules of all of them are some 10 MB in every thread.
 */
import type { OpenStore } from "./store.js";

export const STORES = Object.freeze({
  sqlite: async () => (await import("./sqlite/sqlite-store.js")).openSqliteStore,
  rrd: async () => (await import("./rrd/archive/rrd-store.js")).openRrdStore,
  remote: async () => (await import("./remote/remote-store.js")).openRemoteStore,
  xml: async () => (await import("./xml/xml-store.js")).openXmlStore,
}) satisfies Readonly<Record<string, () => Promise<OpenStore>>>;

export type StoreName = keyof typeof STORES;
