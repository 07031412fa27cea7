import { b } from "../../../core/base/b.js";

export const a = b;
