/** How the collector is, in words for a person and in numbers for a monitor. */
import type { RecentWindow } from "./window/recent-window.js";
import type { Spill } from "./window/spill.js";
import type { FrameLog, FrameLogReport } from "./window/wal.js";

export interface CollectorHealth {
  /** Frames are taken and survive the end of the process. */
  readonly ready: boolean;
  /** What is wrong, one line each; empty while all is well. */
  readonly messages: readonly string[];
  readonly counters: Readonly<Record<string, number>>;
}

export interface HealthParts {
  readonly started: boolean;
  readonly log: FrameLog | undefined;
  readonly report: FrameLogReport | undefined;
  readonly window: RecentWindow;
  readonly spill: Spill | undefined;
  /** Clusters that are told of by sources that may mean different ones, a line each. */
  readonly mixedClusters: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

/** Sources are many and names of clusters come from the network; a few of them show what to do. */
const MIXED_TOLD_MAX = 10;

export function describeHealth(parts: HealthParts): CollectorHealth {
  const { started, log, report, window, spill, mixedClusters, counts } = parts;
  const messages: string[] = [];
  const waiting = window.unarchived();
  if (!started) messages.push("collector: not running");
  if (log?.failure !== undefined) {
    messages.push(`log: ${log.failure.message}; frames since ${clockTime(log.failure.sinceMs)} are only in memory`);
  }
  const stalledMs = log?.stalledMs;
  if (stalledMs !== undefined) {
    const seconds = Math.floor(stalledMs / 1_000);
    messages.push(`log: the disk has not answered for ${seconds} s; a power cut would lose what came meanwhile`);
  }
  if (window.loss !== undefined) {
    const { frames, samples, fromMs, toMs } = window.loss;
    messages.push(
      `window: memory is full, ${frames} frames (${samples} samples) from ${clockTime(fromMs)} to ${clockTime(toMs)} left before they were archived`,
    );
  }
  // What is lost or in danger makes the collector not ready; what only waits does not.
  const ready = messages.length === 0;
  if (spill?.failure !== undefined) {
    const { message, sinceMs } = spill.failure;
    messages.push(`${message}; ${waiting.frames} frames wait for it, tried since ${clockTime(sinceMs)}`);
  }
  messages.push(...mixedClusters.slice(0, MIXED_TOLD_MAX));
  if (mixedClusters.length > MIXED_TOLD_MAX)
    messages.push(`${mixedClusters.length - MIXED_TOLD_MAX} more clusters like these`);
  if (log !== undefined && log.cutFault !== "") messages.push(`log: ${log.cutFault}; the log grows`);
  return {
    ready,
    messages,
    counters: {
      ...counts,
      windowFrames: window.frames,
      windowBytes: window.bytes,
      unarchivedFrames: waiting.frames,
      shortenedFrames: window.shortenedFrames,
      lostFrames: window.lostFrames,
      lostSamples: window.lostSamples,
      windowSamples: window.samples,
      logBytes: log?.bytes ?? 0,
      logFailing: log?.failure === undefined && stalledMs === undefined ? 0 : 1,
      archiveFailing: spill?.failure === undefined ? 0 : 1,
      losingFrames: window.loss?.frames ?? 0,
      logTornBytes: report?.tornBytes ?? 0,
      replayedFrames: report?.frames ?? 0,
      spills: spill?.spills ?? 0,
      spillFailures: spill?.failures ?? 0,
      spilledSamples: spill?.samples ?? 0,
    },
  };
}

/** "21:40 UTC": these messages are about the last hours, and read anywhere. */
function clockTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(11, 16)} UTC`;
}
