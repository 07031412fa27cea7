import { b } from "./nowhere.js";
export const a = b;
