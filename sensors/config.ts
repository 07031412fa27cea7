/**
 * The `sources:` list of the configuration. Keys are those of the file; values
 * are typed: durations in ms, sizes in bytes, addresses in halves.
 */
import { isIP } from "node:net";
import { z } from "zod";
import { NETWORK_EXPECTED, parseNetwork } from "../core/base/access-list.js";
import { ADDRESS_EXPECTED, type Address, parseAddress } from "../core/base/address.js";
import { address, duration, name, size } from "../core/base/config/fields.js";
import { tlsClient, withTlsFilesIn } from "../core/base/config/tls.js";
import { nameFault } from "../core/model/names.js";
import { LEGACY_SYSTEMS } from "../core/wire/ganglia/packets/legacy-metrics.js";
import { isMulticast } from "./ganglia/multicast.js";
import { renameKey } from "./ganglia/xml-keys.js";
import { gangliaFilesSchema } from "./recorded/config.js";

/** How often something is read. Below a second a poll costs its peer more than it tells. */
const every = () => duration({ minMs: 1_000, maxMs: 3_600_000 }).prefault("15s");

/** A cluster or host as it will be shown; what may stand in it is decided in one place. */
const shownName = () =>
  z.string("expected a name").superRefine((text, context) => {
    const fault = nameFault(text);
    if (fault !== undefined) context.addIssue({ code: "custom", message: `not usable as a name: ${fault}` });
  });

/** More would only make a dead cluster's poll longer. */
const ADDRESSES_MAX = 16;
const ADDRESS_LIST_EXPECTED = `expected ${ADDRESS_EXPECTED}, or a list of 1 to ${ADDRESSES_MAX} of them`;

/** One address or several; always a list afterwards. */
const addresses = () =>
  z
    .union([z.string(), z.array(z.string()).min(1).max(ADDRESSES_MAX)], ADDRESS_LIST_EXPECTED)
    .transform((raw, context): readonly Address[] => {
      const single = typeof raw === "string";
      return (single ? [raw] : raw).flatMap((text, index) => {
        const value = parseAddress(text);
        if (value !== undefined && value.port > 0) return [value];
        context.addIssue({
          code: "custom",
          message: `${JSON.stringify(text)} is not an address, expected ${ADDRESS_EXPECTED}`,
          path: single ? [] : [index],
        });
        return [];
      });
    })
    .meta({ description: "host:port or a list; the first is preferred, the others stand in for it" });

/**
 * A document larger than 1 GB is no cluster: 65,536 hosts with 50 metrics make 1 GB.
 * Below 64 KiB not even three hosts fit.
 */
const SIZE_LIMITS = { minBytes: 2 ** 16, maxBytes: 2 ** 30 } as const;

const documentLimit = () =>
  size()
    .refine(
      (bytes) => bytes >= SIZE_LIMITS.minBytes && bytes <= SIZE_LIMITS.maxBytes,
      "out of range, expected 64K to 1G",
    )
    .prefault("128M");

/** A host on the same network answers in milliseconds; one behind a slow line in a second or two. */
const CONNECT_TIMEOUT_MS = 5_000;

const gangliaXmlSchema = z
  .strictObject({
    name: name(),
    type: z.literal("ganglia-xml"),
    address: addresses(),
    every: every(),
    /** 5s where it is left out, or timeout if that is shorter. */
    "connect-timeout": duration({ minMs: 100, maxMs: 60_000 }).optional(),
    /** From the start of connecting to the last byte. */
    timeout: duration({ minMs: 1_000, maxMs: 600_000 }).prefault("30s"),
    /** Of the document, unpacked. 10,000 hosts with 39 metrics make 120 MB. */
    "size-limit": documentLimit(),
    /** detail: the document as it is sent. summary: only sums, asked for on a query port such as 8652 or 8662. */
    take: z.enum(["detail", "summary"], "expected detail or summary").default("detail"),
    rename: renameKey().optional(),
    tls: tlsClient().optional(),
  })
  .refine((source) => (source["connect-timeout"] ?? 0) <= source.timeout, {
    message: "longer than timeout, which covers connecting as well",
    path: ["connect-timeout"],
  })
  .transform((source) => ({
    ...source,
    "connect-timeout": source["connect-timeout"] ?? Math.min(CONNECT_TIMEOUT_MS, source.timeout),
  }));

/** Each datagram of a new sender is compared with all of them. */
const SENDERS_MAX = 1_000;

const senders = () =>
  z
    .array(z.string(`expected ${NETWORK_EXPECTED}`), `expected a list, each ${NETWORK_EXPECTED}`)
    .min(1, "it is empty; leave the key out to take everybody's packets")
    .max(SENDERS_MAX)
    .superRefine((texts, context) => {
      for (const [index, text] of texts.entries()) {
        if (parseNetwork(text) !== undefined) continue;
        const message = `${JSON.stringify(text)} is no address, expected ${NETWORK_EXPECTED}`;
        context.addIssue({ code: "custom", message, path: [index] });
      }
    })
    .default([]);

/** No kernel gives more without a word from its administrator. */
const RECEIVE_BUFFER_MAX = 2 ** 30;

const gangliaUdpSchema = z
  .strictObject({
    name: name(),
    type: z.literal("ganglia-udp"),
    /** Datagrams do not say which cluster they come from. */
    cluster: shownName(),
    listen: address().refine(
      (listen) => isIP(listen.host) !== 0,
      'expected a numeric address such as "239.2.11.71:8649": a name could mean several',
    ),
    /** Where to join the group: "eth0", or an address of the interface. The kernel chooses where it is left out. */
    interface: z
      .string()
      .regex(/^[A-Za-z0-9_.:@-]{1,45}$/, "expected the name or an address of a network interface")
      .optional(),
    "metadata-from": address()
      .refine((from) => from.port > 0, "expected a port that a gmond answers on, 8649 by default")
      .optional(),
    /** Show hosts by the names that reverse DNS gives, as gmond does; false: by address. */
    resolve: z.boolean("expected true or false").default(true),
    "receive-buffer": size()
      .refine((bytes) => bytes >= 4096 && bytes <= RECEIVE_BUFFER_MAX, "out of range, expected 4K to 1G")
      .optional(),
    /** Whose packets are taken; everybody's where the list is left out or empty. */
    allow: senders(),
    /** Ask on the channel for metadata that nobody has told. It makes this machine a host in every gmond. */
    "request-metadata": z.boolean("expected true or false").default(false),
    /** Whose gmond 2.5 may be among the senders: packets of its own metrics do not say. */
    "legacy-os": z.enum(LEGACY_SYSTEMS, `expected ${LEGACY_SYSTEMS.join(", ")}`).default("linux"),
  })
  .refine((source) => !source["request-metadata"] || isMulticast(source.listen.host), {
    message: "on a unicast address there is nobody to ask; take metadata-from, or leave this out",
    path: ["request-metadata"],
  })
  .refine((source) => source.interface === undefined || isMulticast(source.listen.host), {
    message: "only a multicast group is joined on an interface; listen on that interface's address instead",
    path: ["interface"],
  });

const sensorSchema = z.strictObject({
  name: name(),
  type: z.literal("sensor"),
  cluster: shownName(),
  every: every(),
  /** What this machine is called; its own host name where it is left out. */
  host: shownName().optional(),
  procfs: z.string().startsWith("/", "expected an absolute path").prefault("/proc"),
  sysfs: z.string().startsWith("/", "expected an absolute path").prefault("/sys"),
});

/** More would be a machine-made mistake; each costs a timer and a line on the status page. */
const SOURCES_MAX = 1_000;

export const sourcesSchema = z
  .array(
    z.discriminatedUnion(
      "type",
      [gangliaXmlSchema, gangliaUdpSchema, gangliaFilesSchema, sensorSchema],
      "expected a source with type: ganglia-xml, ganglia-udp, ganglia-files or sensor",
    ),
    "expected a list of sources",
  )
  .max(SOURCES_MAX)
  .superRefine((sources, context) => {
    const seen = new Set<string>();
    for (const [index, source] of sources.entries()) {
      if (seen.has(source.name)) {
        context.addIssue({
          code: "custom",
          message: `there is another source named ${source.name}, names must differ`,
          path: [index, "name"],
        });
      }
      seen.add(source.name);
    }
  });

export type SourceConfig = z.output<typeof sourcesSchema>[number];
export type GangliaXmlConfig = Extract<SourceConfig, { type: "ganglia-xml" }>;
export type GangliaUdpConfig = Extract<SourceConfig, { type: "ganglia-udp" }>;
export type SensorConfig = Extract<SourceConfig, { type: "sensor" }>;

/** @returns the same sources with absolute paths of certificates; those that are relative start at the directory */
export function withFilesIn(sources: readonly SourceConfig[], directory: string): SourceConfig[] {
  return sources.map((source) => {
    if (source.type !== "ganglia-xml" || source.tls === undefined) return source;
    return Object.freeze({ ...source, tls: withTlsFilesIn(source.tls, directory) });
  });
}
