import { b } from "./bin/b.js";
export const a = b;
