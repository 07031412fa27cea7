/**
 * What a probe is: something small that reads one corner of this machine.
 *
 * A probe folder holds `specs.ts` (its metrics, as data), `read.ts` (files to
 * text), `parse.ts` (text to numbers, pure), `index.ts` (the two joined) and a
 * README. `load/` is the model to copy. Success, duration and timeout are the
 * runner's affair: a probe that cannot do its work throws.
 */
import type { Clock } from "../../core/base/clock.js";
import type { MetricMeta, MetricType, Slope } from "../../core/model/metric.js";

/** One metric that a probe can give. Names, types and units are gmond's where gmond has the metric. */
export interface MetricSpec {
  readonly name: string;
  readonly type: MetricType;
  readonly units: string;
  readonly slope: Slope;
  /** Longest expected time between two values, seconds. */
  readonly tmaxS: number;
  /** Digits after the point that mean something; 0 for text. */
  readonly decimals: number;
  readonly group: string;
  readonly title: string;
  readonly description: string;
}

/** A value with what it is. The spec is the same object each time, so that it can serve as a key. */
export interface Reading {
  readonly spec: MetricSpec;
  /** Text for type string, else a finite number. */
  readonly value: number | string;
}

/** The moment of a round. Rates use the monotonic clock: the wall clock may jump. */
export interface Instant {
  /** Epoch ms. */
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** Where the kernel's file systems are mounted; elsewhere in tests and in containers. */
export interface Roots {
  /** "/proc" */
  readonly procfs: string;
  /** "/sys" */
  readonly sysfs: string;
}

export interface Probe {
  /** Lower case; stands in names of self-metrics and in log lines. */
  readonly name: string;
  /**
   * Reads once. A metric that cannot be told this time is left out: no value is
   * better than a wrong one. Not called again before the last call has settled.
   * @throws where nothing could be read; the message names the file and what was expected
   */
  measure(at: Instant): Promise<readonly Reading[]>;
}

/** Each call makes a probe with a memory of its own. The clock is for deadlines; time itself is an argument. */
export type ProbeFactory = (roots: Roots, clock: Clock) => Probe;

/** @param everyS how often the sensor measures, seconds: a metric cannot be expected more often */
export function metaOf(spec: MetricSpec, everyS: number): MetricMeta {
  return {
    name: spec.name,
    type: spec.type,
    units: spec.units,
    slope: spec.slope,
    tmaxS: Math.max(spec.tmaxS, everyS),
    dmaxS: 0,
    extra: [
      ["GROUP", spec.group],
      ["DESC", spec.description],
      ["TITLE", spec.title],
    ],
  };
}
