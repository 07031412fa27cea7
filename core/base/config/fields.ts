/** Field types shared by the configuration schemas of all tiers. */
import { z } from "zod";
import { DURATION_EXPECTED, parseDuration } from "../../model/duration.js";
import { ADDRESS_EXPECTED, parseAddress } from "../address.js";

/** Text in, milliseconds out. */
export function duration(limits: { minMs?: number; maxMs?: number } = {}) {
  const { minMs = 0, maxMs = Number.POSITIVE_INFINITY } = limits;
  return z
    .string(`expected ${DURATION_EXPECTED}`)
    .transform((text, context) => {
      const valueMs = parseDuration(text);
      if (valueMs === undefined) {
        context.addIssue({
          code: "custom",
          message: `${JSON.stringify(text)} is not a duration, expected ${DURATION_EXPECTED}`,
        });
        return z.NEVER;
      }
      if (valueMs < minMs || valueMs > maxMs) {
        context.addIssue({ code: "custom", message: `${text} is out of range, expected ${minMs} ms to ${maxMs} ms` });
        return z.NEVER;
      }
      return valueMs;
    })
    .meta({ description: "A duration: 500ms, 15s, 10m, 1h30m, 7d" });
}

/** Text in, { host, port } out. */
export function address() {
  return z
    .string(`expected ${ADDRESS_EXPECTED}`)
    .transform((text, context) => {
      const value = parseAddress(text);
      if (value === undefined) {
        context.addIssue({
          code: "custom",
          message: `${JSON.stringify(text)} is not an address, expected ${ADDRESS_EXPECTED}`,
        });
        return z.NEVER;
      }
      return value;
    })
    .meta({ description: "host:port, brackets around IPv6" });
}

const SIZE_UNITS: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };
const SIZE_EXPECTED = 'a size such as "64M", "2G" or 1048576';

/** Text or a number in, bytes out. */
export function size() {
  return z
    .union([z.string(), z.number().int().nonnegative()], `expected ${SIZE_EXPECTED}`)
    .transform((raw, context) => {
      const match = /^(\d+)\s*([kmgt]?)i?b?$/i.exec(String(raw));
      if (match === null) {
        context.addIssue({
          code: "custom",
          message: `${JSON.stringify(raw)} is not a size, expected ${SIZE_EXPECTED}`,
        });
        return z.NEVER;
      }
      return Number(match[1]) * (SIZE_UNITS[(match[2] as string).toLowerCase()] as number);
    })
    .meta({ description: "Bytes, or with a unit: 64M, 2G" });
}

/** A secret stands in a file of its own, never in the configuration. */
export const secret = () => z.strictObject({ file: z.string().min(1) }, 'expected a secret as { file: "/path" }');

/** Names of sources, triggers, receivers: they are keys of states and file names. */
export const name = () =>
  z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "expected a name of letters, digits, dots, dashes, at most 64");
