import { b } from "../base/b.js";
export const a = b;
