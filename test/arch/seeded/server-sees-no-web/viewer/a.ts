import { b } from "./web/b.js";
export const a = b;
