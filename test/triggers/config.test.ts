import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  commandsSchema,
  receiversSchema,
  relationFaults,
  triggerFilesSchema,
  triggersSchema,
} from "../../triggers/config.js";

const email = { type: "email", smtp: "smtp://mail:25", from: "grate@khab", to: ["root@khab"] };
const trigger = { name: "hot", when: "cpu_temp > 70" };

describe("receivers", () => {
  test.each<[string, object]>([
    ["smtp://mail:25", { host: "mail", port: 25, secure: false }],
    ["smtp://mail", { host: "mail", port: 25, secure: false }],
    ["smtps://mail.example.org", { host: "mail.example.org", port: 465, secure: true }],
    ["smtps://mail:2465/", { host: "mail", port: 2465, secure: true }],
    ["smtp://[::1]:2525", { host: "::1", port: 2525, secure: false }],
    ["smtp://10.0.0.1:2525", { host: "10.0.0.1", port: 2525, secure: false }],
  ])("%s", (smtp, server) => {
    expect(receiversSchema.parse({ ops: { ...email, smtp } })["ops"]).toEqual({ ...email, smtp: server });
  });

  test("a user with a password in a file, over checked TLS", () => {
    const ops = { ...email, user: "grate", password: { file: "/etc/grate/smtp" }, tls: "verified" };
    expect(receiversSchema.parse({ ops })["ops"]).toMatchObject({
      user: "grate",
      password: { file: "/etc/grate/smtp" },
    });
  });

  test.each<[string, object, string[], string]>([
    ["no type", { ...email, type: undefined }, ["ops", "type"], ""],
    ["unknown type", { ...email, type: "pager" }, ["ops", "type"], ""],
    ["unknown key", { ...email, cc: "a@b" }, ["ops"], "cc"],
    ["no server", { ...email, smtp: "mail:25" }, ["ops", "smtp"], "expected an SMTP server such as"],
    ["http", { ...email, smtp: "http://mail" }, ["ops", "smtp"], "expected an SMTP server such as"],
    ["port 0", { ...email, smtp: "smtp://mail:0" }, ["ops", "smtp"], "expected an SMTP server"],
    ["port too high", { ...email, smtp: "smtp://mail:65536" }, ["ops", "smtp"], "expected an SMTP server"],
    ["password in the URL", { ...email, smtp: "smtp://u:p@mail" }, ["ops", "smtp"], 'given as "user" and "password"'],
    ["password as text", { ...email, user: "u", password: "p" }, ["ops", "password"], "expected a secret"],
    ["user alone", { ...email, user: "u" }, ["ops", "password"], "expected user and password together"],
    ["password alone", { ...email, password: { file: "p" } }, ["ops", "user"], "expected user and password together"],
    ["nobody", { ...email, to: [] }, ["ops", "to"], ""],
    ["to as text", { ...email, to: "root@khab" }, ["ops", "to"], ""],
    ["no address", { ...email, to: ["root"] }, ["ops", "to", "0"], "expected a mail address"],
    ["two in one", { ...email, to: ["a@b,c@d"] }, ["ops", "to", "0"], "expected a mail address"],
    ["a header in it", { ...email, from: "a@b\r\nBcc: c@d" }, ["ops", "from"], "expected a mail address"],
    ["a display name", { ...email, from: "Grate <a@b>" }, ["ops", "from"], "expected a mail address"],
    ["smtps without TLS", { ...email, smtp: "smtps://m", tls: "never" }, ["ops", "tls"], 'expected no "never"'],
    ["bad tls", { ...email, tls: "maybe" }, ["ops", "tls"], "verified"],
  ])("refused: %s", (_what, ops, path, message) => {
    expect(issueOf(receiversSchema, { ops })).toEqual({ path, message: expect.stringContaining(message) });
  });

  test("a name must be a name", () => {
    expect(receiversSchema.safeParse({ "../x": email }).success).toBe(false);
  });
});

describe("commands", () => {
  test("defaults", () => {
    expect(commandsSchema.parse({ drain: { run: ["/bin/true"] } })["drain"]).toEqual({
      run: ["/bin/true"],
      timeout: 30_000,
      hosts: ["*"],
      env: {},
    });
  });

  test("all keys", () => {
    const drain = {
      run: ["scontrol", "update", "NodeName={{host}}", "Reason={{ trigger }}", "{{cluster}}{{severity}}{{episode}}"],
      timeout: "1m30s",
      hosts: ["node*", "head"],
      env: { SLURM_CONF: "/etc/slurm/slurm.conf" },
    };
    expect(commandsSchema.parse({ drain })["drain"]).toEqual({ ...drain, timeout: 90_000 });
  });

  const run = ["/bin/true"];
  test.each<[string, object, string[], string]>([
    ["empty argv", { run: [] }, ["drain", "run"], "expected a program and its arguments"],
    ["empty program", { run: [""] }, ["drain", "run", "0"], "expected a program with its full path"],
    ["a shell line", { run: "/bin/true" }, ["drain", "run"], ""],
    ["relative path", { run: ["./a"] }, ["drain", "run", "0"], "expected a program with its full path"],
    ["placeholder as program", { run: ["{{host}}"] }, ["drain", "run", "0"], "expected a program"],
    [
      "unknown placeholder",
      { run: ["/a", "{{metric}}"] },
      ["drain", "run", "1"],
      '"{{metric}}" is unknown, expected one of {{host}}',
    ],
    ["open braces", { run: ["/a", "x{{host"] }, ["drain", "run", "1"], "braces do not match"],
    ["closing braces", { run: ["/a", "host}}"] }, ["drain", "run", "1"], "braces do not match"],
    ["NUL", { run: ["/a", "b\0"] }, ["drain", "run", "1"], "expected no NUL"],
    ["timeout", { run, timeout: "0s" }, ["drain", "timeout"], "out of range"],
    ["timeout as number", { run, timeout: 30 }, ["drain", "timeout"], "expected a duration"],
    ["no hosts", { run, hosts: [] }, ["drain", "hosts"], ""],
    ["variable name", { run, env: { "A=B": "" } }, ["drain", "env", "A=B"], ""],
    ["our own variables", { run, env: { GRATE_HOST: "" } }, ["drain", "env", "GRATE_HOST"], ""],
    ["unknown key", { run, shell: true }, ["drain"], "shell"],
  ])("refused: %s", (_what, drain, path, message) => {
    expect(issueOf(commandsSchema, { drain })).toEqual({ path, message: expect.stringContaining(message) });
  });
});

describe("triggers", () => {
  test("defaults", () => {
    expect(triggersSchema.parse([trigger])).toEqual([
      {
        name: "hot",
        when: { text: "cpu_temp > 70", tree: expect.objectContaining({ kind: "compare" }) },
        forMs: 0,
        severity: "warning",
        on: { cluster: ["*"], host: ["*"] },
        notify: [],
        run: [],
      },
    ]);
    expect(triggersSchema.parse(undefined)).toEqual([]);
    expect(triggerFilesSchema.parse(undefined)).toEqual([]);
  });

  test("all keys", () => {
    const whole = {
      ...trigger,
      for: "1m",
      recover: "cpu_temp < 65",
      severity: "critical",
      on: { cluster: "khab", host: ["node*", "gpu?"] },
      notify: ["ops"],
      run: ["drain"],
    };
    expect(triggersSchema.parse([whole])[0]).toMatchObject({
      forMs: 60_000,
      recover: { text: "cpu_temp < 65" },
      severity: "critical",
      on: { cluster: ["khab"], host: ["node*", "gpu?"] },
      notify: ["ops"],
      run: ["drain"],
    });
  });

  test.each<[string, object, string[], string]>([
    ["no name", { when: "x > 1" }, ["0", "name"], ""],
    ["no condition", { name: "hot" }, ["0", "when"], "expected a condition such as"],
    ["a number as condition", { ...trigger, when: 5 }, ["0", "when"], "expected a condition such as"],
    ["severity", { ...trigger, severity: "bad" }, ["0", "severity"], ""],
    ["for", { ...trigger, for: "soon" }, ["0", "for"], '"soon" is not a duration'],
    ["on", { ...trigger, on: { hosts: "a" } }, ["0", "on"], "hosts"],
    ["the same receiver twice", { ...trigger, notify: ["a", "a"] }, ["0", "notify"], "expected each name once"],
    ["the same command twice", { ...trigger, run: ["a", "a"] }, ["0", "run"], "expected each name once"],
    ["an empty pattern", { ...trigger, on: { host: "" } }, ["0", "on", "host"], ""],
  ])("refused: %s", (_what, one, path, message) => {
    expect(issueOf(triggersSchema, [one])).toEqual({ path, message: expect.stringContaining(message) });
  });

  test.each(["when", "recover"])("a fault in %s says where", (key) => {
    const result = triggersSchema.safeParse([{ ...trigger, [key]: "cpu_temp = 70" }]);
    expect(result.error?.issues).toEqual([
      {
        code: "custom",
        path: [0, key],
        params: { offset: 9 },
        message: 'expected "==" for a comparison, found "="',
      },
    ]);
  });
});

describe("relations", () => {
  const config = (triggers: object[]) => ({
    receivers: receiversSchema.parse({ ops: email }),
    commands: commandsSchema.parse({ drain: { run: ["/bin/true"] } }),
    triggers: triggersSchema.parse(triggers),
  });

  test("all is well", () => {
    expect(relationFaults(config([{ ...trigger, notify: ["ops"], run: ["drain"] }]))).toEqual([]);
  });

  test("names that point nowhere, and one used twice", () => {
    const triggers = [
      { ...trigger, notify: ["ops", "opps"] },
      { ...trigger, run: ["toString"] },
    ];
    expect(relationFaults(config(triggers))).toEqual([
      {
        path: ["triggers", 0, "notify", 1],
        message: "there is no receiver called opps, expected one of those configured: ops",
      },
      { path: ["triggers", 1, "name"], message: "there is another trigger called hot, expected a name of its own" },
      {
        path: ["triggers", 1, "run", 0],
        message: "there is no command called toString, expected one of those configured: drain",
      },
    ]);
  });

  test("says so when nothing is configured", () => {
    const faults = relationFaults({ ...config([{ ...trigger, notify: ["ops"] }]), receivers: {} });
    expect(faults[0]?.message).toContain("expected one of those configured: none");
  });
});

test("a JSON schema can be made of it", () => {
  const schema = z.strictObject({
    receivers: receiversSchema,
    commands: commandsSchema,
    triggers: triggersSchema,
    "trigger-files": triggerFilesSchema,
  });
  const json = JSON.stringify(z.toJSONSchema(schema, { io: "input" }));
  for (const said of ['"for"', '"smtp"', "opportunistic"]) expect(json).toContain(said);
});

function issueOf(schema: z.ZodType, value: unknown): { path: string[]; message: string } {
  const issue = schema.safeParse(value).error?.issues[0];
  if (issue === undefined) throw new Error(`taken: ${JSON.stringify(value)}`);
  const keys = issue.code === "unrecognized_keys" ? ` ${issue.keys.join(" ")}` : "";
  return { path: issue.path.map(String), message: `${issue.message}${keys}` };
}
