/** A sink that remembers frames as plain objects. */
import { ClusterDirectory, type DirectoryLimits } from "../../../core/model/directory.js";
import type { Frame, FrameSink } from "../../../core/model/frame.js";
import type { ReportedSums } from "../../../core/model/summary.js";

export interface RecordedCell {
  readonly host: string;
  readonly metric: string;
  readonly value: number | string;
  readonly timeMs: number;
  readonly decimals: number;
}

export interface RecordedFrame {
  readonly cluster: string;
  readonly source: string;
  readonly timeMs: number;
  readonly cells: readonly RecordedCell[];
  /** Time last heard by host. */
  readonly heard: Readonly<Record<string, number>>;
}

export class RecordingSink implements FrameSink {
  readonly sums: ReportedSums[] = [];
  readonly frames: RecordedFrame[] = [];
  readonly directories = new Map<string, ClusterDirectory>();
  /** Called for each frame, after it was recorded. */
  onFrame: (frame: RecordedFrame) => void = () => {};
  readonly #limits: DirectoryLimits | undefined;

  constructor(limits?: DirectoryLimits) {
    this.#limits = limits;
  }

  directory(clusterName: string): ClusterDirectory {
    const known = this.directories.get(clusterName);
    if (known !== undefined) return known;
    const made = new ClusterDirectory(clusterName, this.#limits);
    this.directories.set(clusterName, made);
    return made;
  }

  acceptSums(sums: ReportedSums): void {
    this.sums.push(sums);
  }

  accept(frame: Frame): void {
    const recorded = record(frame);
    this.frames.push(recorded);
    this.onFrame(recorded);
  }

  /** The newest value of each metric of a host, over all frames. */
  values(host: string): Record<string, number | string> {
    const cells = this.frames.flatMap((frame) => frame.cells).filter((cell) => cell.host === host);
    return Object.fromEntries(cells.map((cell) => [cell.metric, cell.value]));
  }
}

function record(frame: Frame): RecordedFrame {
  const { directory } = frame;
  const hostOf = (row: number) => directory.host(row)?.name ?? `free row ${row}`;
  const cells = Array.from({ length: frame.count }, (_, i): RecordedCell => {
    const facts = directory.columnFacts(frame.columns[i] as number);
    const value = frame.values[i] as number;
    return {
      host: hostOf(frame.rows[i] as number),
      metric: facts.name,
      value: facts.kind === "text" ? (frame.texts[value] as string) : value,
      timeMs: frame.timesMs[i] as number,
      decimals: frame.decimals[i] as number,
    };
  });
  const heard = Array.from({ length: frame.heardCount }, (_, i) => [
    hostOf(frame.heardRows[i] as number),
    frame.heardTimesMs[i] as number,
  ]);
  return {
    cluster: directory.name,
    source: frame.source,
    timeMs: frame.timeMs,
    cells,
    heard: Object.fromEntries(heard),
  };
}
