/** A way in: it reads something somewhere and hands frames on. */
import type { Clock } from "../core/base/clock.js";
import type { Component } from "../core/base/component.js";
import type { Logger } from "../core/base/log.js";
import type { FrameSink } from "../core/model/frame.js";
import type { SourceHealth } from "../core/model/source.js";

/**
 * start() rejects only for what a person must change, such as an address that is
 * taken. A peer that does not answer is no reason: that is health, and is tried
 * again. After stop() has resolved no frame is handed on.
 */
export interface Source extends Component {
  /** Cheap, and right at any moment of the life cycle. */
  health(): SourceHealth;
}

/** What every source is given besides its part of the configuration. */
export interface SourceDeps {
  readonly sink: FrameSink;
  readonly clock: Clock;
  readonly logger: Logger;
}
