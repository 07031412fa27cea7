/** All stores. A further one is a folder and a line here; see README.md. */
import { openRemoteStore } from "./remote/remote-store.js";
import { openRrdStore } from "./rrd/archive/rrd-store.js";
import { openSqliteStore } from "./sqlite/sqlite-store.js";
import type { OpenStore } from "./store.js";
import { openXmlStore } from "./xml/xml-store.js";

export const STORES = Object.freeze({
  sqlite: openSqliteStore,
  rrd: openRrdStore,
  remote: openRemoteStore,
  xml: openXmlStore,
}) satisfies Readonly<Record<string, OpenStore>>;

export type StoreName = keyof typeof STORES;
