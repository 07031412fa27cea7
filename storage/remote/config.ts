/** Configuration of the remote store. */
import { z } from "zod";
import { duration, secret, size } from "../../core/base/config/fields.js";

const URL_EXPECTED = 'a URL such as "http://victoria:8428/api/v1/write"';

/** Credentials in a URL would end up in logs; they have keys of their own. */
const httpUrl = (expected: string) =>
  z
    .string(`expected ${expected}`)
    .refine(isHttpUrl, `expected ${expected}, without user and password ("basic-auth" is for them) and without "#"`)
    .meta({ description: "http:// or https://" });

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  return /^https?:$/.test(protocol) && username === "" && password === "" && hash === "";
}

/** What every series carries already. */
const OWN_LABELS = new Set(["__name__", "cluster", "host", "metric"]);

const labelName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected the name of a label: letters, digits and _")
  .refine(
    (name) => !OWN_LABELS.has(name) && !name.startsWith("__"),
    "cluster, host, metric and names that begin with __ are taken",
  );

/** Fetch sets these itself, or their meaning is fixed. */
const OWN_HEADERS = new Set(["content-type", "content-encoding", "content-length", "host", "connection"]);

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "expected the name of an HTTP header")
  .refine((name) => !OWN_HEADERS.has(name.toLowerCase()), "this header is set by Grate");

const headerValue = z.union(
  [z.string().regex(/^[\x20-\x7e]*$/, "expected printable ASCII"), secret()],
  'expected a text or a secret as { file: "/path" }',
);

const queueSchema = z
  .strictObject({
    dir: z
      .string()
      .regex(/^[^\0]+$/, "expected a path of a directory, relative to the state directory or absolute")
      .default("remote-queue")
      .meta({ description: "Where samples wait, relative to the state directory" }),
    size: size()
      .refine((bytes) => bytes >= 2 ** 20, "expected at least 1M")
      .prefault("1G")
      .meta({ description: "When more than this waits, the oldest samples are given up" }),
    age: duration({ minMs: 60_000 })
      .optional()
      .meta({ description: "Samples that waited for longer are given up; absent: only the size counts" }),
  })
  .prefault({});

export const remoteSchema = z
  .strictObject({
    write: httpUrl(URL_EXPECTED).meta({ description: "Where Prometheus remote write 1.0 is taken" }),
    query: httpUrl('a URL such as "http://victoria:8428"').optional().meta({
      description:
        "Where the Prometheus API answers, up to the part before /api/v1/query; absent: nothing is read back",
    }),
    prefix: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected letters, digits and _")
      .default("ganglia_")
      .meta({ description: "Stands before the name of each metric" }),
    labels: z.record(labelName, z.string().min(1).max(1_024)).default({}).meta({
      description: "Labels that every series carries besides cluster and host; reading asks for them too",
    }),
    headers: z.record(headerName, headerValue).default({}).meta({ description: "For example X-Scope-OrgID" }),
    "basic-auth": z.strictObject({ user: z.string().min(1), password: secret() }).optional(),
    "bearer-token": secret().optional(),
    timeout: duration({ minMs: 1_000, maxMs: 600_000 }).prefault("30s").meta({ description: "Of one request" }),
    "samples-per-request": z.number().int().min(1).max(100_000).default(2_000),
    "visible-after": duration({ maxMs: 3_600_000 })
      .prefault("30s")
      .meta({ description: "How long the store may take to show what it was given" }),
    since: z.iso
      .date("expected a day such as 2025-01-31")
      .optional()
      .meta({ description: "Older history in the store, not written by this installation, begins on this day (UTC)" }),
    queue: queueSchema,
  })
  .refine((config) => config["basic-auth"] === undefined || config["bearer-token"] === undefined, {
    path: ["bearer-token"],
    message: "expected basic-auth or bearer-token, not both",
  });

export type RemoteConfig = z.output<typeof remoteSchema>;
