/** The `viewer:` part of the configuration. */
import { z } from "zod";
import { address } from "../core/base/config/fields.js";
import { tlsClient } from "../core/base/config/tls.js";

/** Most further names under which one viewer is reached. */
const NAMES_MAX = 64;

export const viewerSchema = z
  .strictObject({
    listen: address().prefault("127.0.0.1:8660").describe("Where the web pages are served"),
    collector: address().prefault("127.0.0.1:8662").describe("The collector's query port"),
    control: address().prefault("127.0.0.1:8663").describe("The collector's control port"),
    tls: tlsClient().optional().describe("For a collector on another machine whose query port wants certificates"),
    names: z
      .array(
        z
          .string()
          .regex(
            /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/,
            "expected a host name such as monitor.example.org",
          ),
      )
      .max(NAMES_MAX)
      .default([])
      .describe("Further names under which browsers reach the viewer, for example behind a proxy"),
  })
  .prefault({});

export type ViewerConfig = z.output<typeof viewerSchema>;
