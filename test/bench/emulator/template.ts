/** The captured host of which emulated ones are cloned: its 39 metrics, and every octet of a document besides values. */
import { readFileSync } from "node:fs";
import { decimalsOf } from "../../../core/model/number-text.js";

export interface TemplateMetric {
  readonly name: string;
  readonly type: string;
  readonly units: string;
  readonly slope: string;
  readonly tmaxS: number;
  /** As captured. */
  readonly value: string;
  /** Digits after the point as captured. */
  readonly decimals: number;
  /** First GROUP: gmond sends a group's metrics together. */
  readonly group: string;
  readonly extra: readonly (readonly [key: string, value: string])[];
  /** From behind VAL's value up to TN's, and from behind TN's to the end of the element. */
  readonly betweenValueAndTn: string;
  readonly behindTn: string;
}

export interface Template {
  /** Declaration and DTD, up to the root element. */
  readonly prologue: string;
  readonly metrics: readonly TemplateMetric[];
}

/** @param file a document of a gmond; its first host is taken */
export function readTemplate(file: string): Template {
  const text = readFileSync(file, "latin1");
  const host = /<HOST [^>]*>\n([\s\S]*?)<\/HOST>/.exec(text)?.[1] ?? "";
  const metrics = [...host.matchAll(/<METRIC NAME="([^"]*)" VAL="([^"]*)"([\s\S]*?) TN="\d+"([\s\S]*?<\/METRIC>\n)/g)];
  return {
    prologue: text.slice(0, text.indexOf("<GANGLIA_XML")),
    metrics: metrics.map(([, name = "", value = "", between = "", behind = ""]) => {
      const attribute = (key: string) => new RegExp(` ${key}="([^"]*)"`).exec(between + behind)?.[1] ?? "";
      const extra = [...behind.matchAll(/<EXTRA_ELEMENT NAME="([^"]*)" VAL="([^"]*)"/g)].map(
        ([, key = "", text = ""]) => [key, text] as const,
      );
      return {
        name,
        type: attribute("TYPE"),
        units: attribute("UNITS"),
        slope: attribute("SLOPE"),
        tmaxS: Number(attribute("TMAX")),
        value,
        decimals: decimalsOf(value),
        group: extra.find(([key]) => key === "GROUP")?.[1] ?? "",
        extra,
        betweenValueAndTn: `"${between} TN="`,
        behindTn: `"${behind}`,
      };
    }),
  };
}
