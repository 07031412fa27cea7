/** The colours of the heat-map: an order that the eye sees, and text that it can read. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { LEVELS } from "../../../viewer/web/lib/scale.js";

const CSS = readFileSync(new URL("../../../viewer/web/styles/palette.css", import.meta.url), "utf8");
const [light = "", dark = ""] = CSS.split("@media (prefers-color-scheme: dark)");

function levels(css: string): { background: string; text: string }[] {
  return [...css.matchAll(/\.lv(\d+) \{\s*background: (#\w{6});\s*color: (#\w{6});/g)].map((match, i) => {
    expect(Number(match[1])).toBe(i);
    return { background: String(match[2]), text: String(match[3]) };
  });
}

/** Relative luminance as WCAG 2 defines it. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

describe.each([
  ["light", light, -1],
  ["dark", dark, 1],
])("%s", (_theme, css, direction) => {
  test("has every level once", () => {
    expect(levels(css).length).toBe(LEVELS);
  });

  test("moves steadily away from the page's ground", () => {
    const steps = levels(css).map((level) => luminance(level.background));
    for (let i = 1; i < steps.length; i++) {
      expect(((steps[i] ?? 0) - (steps[i - 1] ?? 0)) * direction, `level ${i}`).toBeGreaterThan(0);
    }
  });

  test("text can be read on each level", () => {
    for (const { background, text } of levels(css)) expect(contrast(background, text)).toBeGreaterThanOrEqual(4.5);
  });
});
