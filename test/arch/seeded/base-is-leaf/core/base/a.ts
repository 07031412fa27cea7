import { b } from "../wire/b.js";
export const a = b;
