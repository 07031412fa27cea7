/** The kinds of receivers there are. A new one is a folder beside email/ and one line in each table here. */

import type { z } from "zod";
import { emailSchema } from "./email/config.js";
import { emailReceiver } from "./email/receiver.js";
import type { Receiver, ReceiverContext } from "./receiver.js";

/** The schema of each kind; told apart by `type`. */
export const RECEIVER_SCHEMAS = [emailSchema] as const;

export type ReceiverConfig = z.output<(typeof RECEIVER_SCHEMAS)[number]>;

export function makeReceiver(config: ReceiverConfig, context: ReceiverContext): Receiver {
  switch (config.type) {
    case "email":
      return emailReceiver(config, context);
  }
}
