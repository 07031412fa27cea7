import { defineConfig } from "vitest/config";
export const a = defineConfig;
