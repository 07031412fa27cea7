import { b } from "../test/b.js";
export const a = b;
