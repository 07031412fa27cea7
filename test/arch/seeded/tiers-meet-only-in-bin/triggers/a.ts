import type { B } from "../storage/b.js";
export type A = B;
