/**
 * The collector's part of the configuration: top-level keys `window`,
 * `window-memory`, `spill-every`, `sync`, `limits` and `serve`. Keys are those
 * of the file; values are typed: durations in ms, sizes in bytes.
 */
import { z } from "zod";
import { address, duration, size } from "../core/base/config/fields.js";
import { tlsServer } from "../core/base/config/tls.js";
import { DEFAULT_DIRECTORY_LIMITS } from "../core/model/directory.js";
import { UNSPECIFIED } from "../core/model/host.js";
import { nameFault } from "../core/model/names.js";

/** More networks than this are not kept by hand; each costs a comparison for each connection. */
const ALLOW_MAX = 256;

/** Below 16 MiB not even one frame of a large cluster fits; more than a terabyte is a slip of the pen. */
const MEMORY_LIMITS = { minBytes: 2 ** 24, maxBytes: 2 ** 40 } as const;

const network = () =>
  z.union(
    [z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()],
    'expected an address or a network such as "10.0.0.7", "10.0.0.0/16" or "fd00::/8"',
  );

const limit = (max: number, standard: number) => z.number().int().min(1).max(max).default(standard);

/** As a gridname of gmetad: any text that can be a name. */
const gridName = () =>
  z
    .string()
    .superRefine((text, context) => {
      const fault = nameFault(text);
      if (fault !== undefined)
        context.addIssue({ code: "custom", message: `${fault}, expected a name such as "Physics"` });
    })
    .prefault(UNSPECIFIED);

const AUTHORITY_EXPECTED = 'expected the URL of a web front-end such as "http://monitor.example.org/ganglia/"';

const authority = () =>
  z
    .string()
    .max(1_024)
    .regex(/^https?:\/\/[^\s/]+(\/\S*)?$/, AUTHORITY_EXPECTED);

const serveSchema = z
  .strictObject({
    dump: address().prefault("127.0.0.1:8661").describe("Whole XML document on connect, as gmetad's 8651"),
    query: address().prefault("127.0.0.1:8662").describe("XML for one request line, as gmetad's 8652, and ours"),
    control: address().prefault("127.0.0.1:8663").describe("Health and control over HTTP"),
    allow: z.array(network()).max(ALLOW_MAX).default([]).describe("Who may ask dump and query; loopback always may"),
    grid: gridName().describe("Name of the grid, as gmetad's gridname"),
    authority: authority()
      .optional()
      .describe("URL of the web front-end of this grid, as gmetad's authority; http://<host name>/ganglia/ if absent"),
    tls: tlsServer().optional().describe("Mutual TLS on dump and query for everybody but this machine"),
  })
  .prefault({});

const limitsSchema = z
  .strictObject({
    clusters: limit(100_000, 1_000).describe("Most clusters; a further one is refused"),
    hosts: limit(1_000_000, DEFAULT_DIRECTORY_LIMITS.hostsMax).describe("Most hosts of one cluster"),
    metrics: limit(65_536, DEFAULT_DIRECTORY_LIMITS.columnsMax).describe("Most metrics of one cluster"),
  })
  .prefault({});

/** Spread into the schema of the whole file. */
export const collectorShape = {
  window: duration({ minMs: 60_000, maxMs: 30 * 86_400_000 })
    .prefault("1h")
    .describe("How much of the past stays in memory"),
  "window-memory": size()
    .refine(
      (bytes) => bytes >= MEMORY_LIMITS.minBytes && bytes <= MEMORY_LIMITS.maxBytes,
      "out of range, expected 16M to 1T",
    )
    .prefault("256M")
    .describe("Most memory for the past; near it history goes to the stores early"),
  "spill-every": duration({ minMs: 10_000, maxMs: 86_400_000 })
    .prefault("10m")
    .describe("How long history waits in memory for the stores"),
  sync: duration({ minMs: 100, maxMs: 60_000 }).prefault("1s").describe("Most that a power cut may cost"),
  limits: limitsSchema,
  serve: serveSchema,
};

export const collectorSchema = z.strictObject(collectorShape);

export type CollectorConfig = z.output<typeof collectorSchema>;
export type ServeConfig = CollectorConfig["serve"];
