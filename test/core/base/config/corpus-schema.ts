/** A schema with one field of every kind, so that the corpus does not change with the tiers' own. */
import { z } from "zod";
import { address, duration, name, secret, size } from "../../../../core/base/config/fields.js";

/** Stands for an expression compiler: "!" is refused, with its offset. */
const expression = z.string().transform((text, context) => {
  const offset = text.indexOf("!");
  if (offset < 0) return { text };
  context.addIssue({ code: "custom", message: 'unexpected "!", expected an operator', params: { offset } });
  return z.NEVER;
});

const triggerSchema = z.strictObject({
  name: name(),
  when: expression,
  for: duration().default(60_000),
});

export const corpusSchema = z.strictObject({
  name: z.string().min(1),
  every: duration({ maxMs: 86_400_000 }).default(15_000),
  level: z.enum(["debug", "info", "warn"]).default("info"),
  retries: z.number().int().min(1).max(10).optional(),
  listen: address().default({ host: "127.0.0.1", port: 8661 }),
  size: size().optional(),
  people: z.array(z.string()).default([]),
  also: z.array(z.string()).optional(),
  sources: z
    .array(
      z.discriminatedUnion("type", [
        z.strictObject({ type: z.literal("file"), path: z.string() }),
        z.strictObject({ type: z.literal("tcp"), address: address() }),
      ]),
    )
    .default([]),
  storage: z
    .strictObject({
      file: z.strictObject({ path: z.string(), sync: duration().default(1_000) }).optional(),
      remote: z.strictObject({ address: address() }).optional(),
    })
    .prefault({}),
  receivers: z
    .record(
      name(),
      z.strictObject({
        to: z.union([z.string(), z.array(z.string())]),
        password: secret().optional(),
        token: z.string().optional(),
      }),
    )
    .default({}),
  triggers: z.array(triggerSchema).default([]),
  "trigger-files": z.array(z.string()).default([]),
  limit: size().prefault("64K"),
});
