/**
 * The engine's part of the configuration: receivers, commands, triggers. Keys
 * are as in the YAML; what comes out has durations in ms and conditions parsed.
 */
import { z } from "zod";
import { duration, name } from "../core/base/config/fields.js";
import { SEVERITIES } from "../core/model/alert.js";
import { argumentFault } from "./actions/argv.js";
import { ExpressionError } from "./expression/error.js";
import { parseCondition } from "./expression/parser.js";
import { GLOB_LENGTH_MAX } from "./glob.js";
import { RECEIVER_SCHEMAS } from "./notify/list.js";

/** More than the largest sites have; each one is looked at with every frame. */
const TRIGGERS_MAX = 10_000;
const DAY_MS = 86_400_000;

/** Text in, Condition out. A fault carries params.offset, the place in the text. */
const condition = () =>
  z
    .string('expected a condition such as "cpu_temp > 70"')
    .transform((text, context) => {
      try {
        return parseCondition(text);
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error;
        context.addIssue({ code: "custom", message: error.message, params: { offset: error.offset } });
        return z.NEVER;
      }
    })
    .meta({ description: "A comparison of metrics of one host, for example cpu_temp > 70 and fan_rpm < 500" });

const glob = () => z.string().min(1).max(GLOB_LENGTH_MAX);

/** One pattern or a list in, a list out. */
const globs = () =>
  z
    .union([glob(), z.array(glob()).min(1).max(1_000)], 'expected a pattern such as "node*", or a list of them')
    .transform((value) => (typeof value === "string" ? [value] : value))
    .meta({ description: "Names; * is any text, ? is one character" });

const names = () =>
  z
    .array(name())
    .max(100)
    .refine((list) => new Set(list).size === list.length, "expected each name once")
    .default([]);

export const receiversSchema = z.record(name(), z.discriminatedUnion("type", RECEIVER_SCHEMAS)).default({});

const argument = () =>
  z
    .string()
    .max(4_096)
    .refine((text) => !text.includes("\0"), "expected no NUL character")
    .superRefine((text, context) => {
      const fault = argumentFault(text);
      if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
    });

const commandSchema = z.strictObject({
  run: z
    .array(argument())
    .min(1, "expected a program and its arguments")
    .max(1_000)
    .superRefine((argv, context) => {
      const program = argv[0] ?? "";
      const placeable = program.startsWith("/") || /^[^/]+$/.test(program);
      if (!placeable || program.includes("{{")) {
        const message = `expected a program with its full path, or a name to be found in PATH; found ${JSON.stringify(program)}`;
        context.addIssue({ code: "custom", path: [0], message });
      }
    })
    .meta({ description: "The program and its arguments, started without a shell" }),
  timeout: duration({ minMs: 100, maxMs: DAY_MS }).prefault("30s"),
  hosts: globs().prefault("*"),
  env: z
    .record(
      z
        .string()
        .regex(/^(?!GRATE_)[A-Za-z_][A-Za-z0-9_]*$/, "expected a variable's name that does not begin with GRATE_"),
      z
        .string()
        .max(32_768)
        .refine((text) => !text.includes("\0"), "expected no NUL character"),
    )
    .default({}),
});

export const commandsSchema = z.record(name(), commandSchema).default({});

const triggerSchema = z
  .strictObject({
    name: name(),
    when: condition(),
    for: duration({ maxMs: 366 * DAY_MS }).prefault("0s"),
    recover: condition().optional(),
    severity: z.enum(SEVERITIES).default("warning"),
    on: z.strictObject({ cluster: globs().prefault("*"), host: globs().prefault("*") }).prefault({}),
    notify: names(),
    run: names(),
  })
  .transform(({ for: forMs, ...trigger }) => ({ ...trigger, forMs }));

export const triggersSchema = z.array(triggerSchema).max(TRIGGERS_MAX).default([]);

/** Patterns for paths, relative to the file that names them. */
export const triggerFilesSchema = z.array(z.string().min(1).max(4_096)).max(1_000).default([]);

export type CommandConfig = z.output<typeof commandSchema>;
export type TriggerConfig = z.output<typeof triggerSchema>;

/** All of it, the triggers of trigger files among the others. */
export interface TriggersConfig {
  readonly receivers: z.output<typeof receiversSchema>;
  readonly commands: z.output<typeof commandsSchema>;
  readonly triggers: readonly TriggerConfig[];
}

/** Where in the joined configuration, and what was expected. */
export interface RelationFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What no single field can tell: names that point nowhere, triggers that are called the same. */
export function relationFaults(config: TriggersConfig): RelationFault[] {
  const faults: RelationFault[] = [];
  const seen = new Set<string>();
  config.triggers.forEach((trigger, index) => {
    if (seen.has(trigger.name)) {
      const message = `there is another trigger called ${trigger.name}, expected a name of its own`;
      faults.push({ path: ["triggers", index, "name"], message });
    }
    seen.add(trigger.name);
    const point = (key: "notify" | "run", kind: string, known: object) => {
      trigger[key].forEach((target, at) => {
        if (Object.hasOwn(known, target)) return;
        const there = Object.keys(known).slice(0, 20).join(", ") || "none";
        const message = `there is no ${kind} called ${target}, expected one of those configured: ${there}`;
        faults.push({ path: ["triggers", index, key, at], message });
      });
    };
    point("notify", "receiver", config.receivers);
    point("run", "command", config.commands);
  });
  return faults;
}
