/** What routes are given. */
import type { Clock } from "../../core/base/clock.js";
import type { Logger } from "../../core/base/log.js";
import type { CollectorClient } from "../pull/client.js";
import type { Present } from "../pull/present.js";
import type { Hub } from "./hub.js";

export interface RouteContext {
  readonly present: Present;
  readonly client: CollectorClient;
  readonly hub: Hub;
  readonly clock: Clock;
  readonly logger: Logger;
  /** monotonicMs at the start of the viewer. */
  readonly startedAtMs: number;
  /** Aborts what is asked of the collector when the viewer stops. */
  readonly stopping: AbortSignal;
}
