/**
 * Says with each frame what begins, fires and ends. Everything it decides goes
 * into the pass it is given; it neither writes nor sends.
 */
import type { Clock } from "../../core/base/clock.js";
import { messageOf } from "../../core/base/errors.js";
import type { RateLimitedLog } from "../../core/base/log.js";
import type { Alert } from "../../core/model/alert.js";
import type { ClusterView } from "../../core/model/columns.js";
import { NONE } from "../../core/model/directory.js";
import { evidenceOf } from "../expression/evidence.js";
import { ClusterState, type FollowedTrigger } from "./cluster.js";
import type { Ledger, LocatedPair } from "./ledger.js";
import type { Pass } from "./pass.js";
import { closedPairs } from "./reconcile.js";
import { Changes } from "./rows.js";
import type { Trigger } from "./trigger.js";

/** Hosts from before the start that no frame shows: after this much frame time they are gone. */
const ABSENT_MS = 3_600_000;

/** While something is pending, the journal is told of the time this often. */
const TIME_RECORD_MS = 1_000;

export interface JudgeOptions {
  readonly triggers: ReadonlyMap<string, Trigger>;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly warnings: RateLimitedLog;
}

export class Judge {
  /** Triggers that could not be judged, counted with each frame. */
  failures = 0;
  readonly #triggers: ReadonlyMap<string, Trigger>;
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #warnings: RateLimitedLog;
  readonly #clusters = new Map<string, ClusterState>();
  readonly #changes = new Changes();

  constructor({ triggers, ledger, clock, warnings }: JudgeOptions) {
    this.#triggers = triggers;
    this.#ledger = ledger;
    this.#clock = clock;
    this.#warnings = warnings;
  }

  /** Ends what the configuration does not speak of any more. */
  close(pass: Pass): void {
    for (const { pair, host, trigger, cluster, reason } of closedPairs(this.#ledger, this.#triggers)) {
      if (pair.state === "pending") pass.clear(trigger, cluster, [host]);
      else pass.end("closed", pair, this.#forMs(trigger), this.#clock.nowMs(), "", reason);
    }
  }

  /** @param frameTimeMs the frame's time; an older one than the last moves no time forward */
  frame(pass: Pass, view: ClusterView, frameTimeMs: number): void {
    const cluster = this.#follow(view.directory.name);
    const shiftMs = cluster.advance(frameTimeMs);
    if (shiftMs !== 0) this.#shiftPending(pass, cluster, shiftMs);
    const lost = cluster.begin(view);
    if (lost.length > 0) this.#expire(pass, cluster.name, new Set(lost), "the host was deleted");
    this.#expireAbsent(pass, cluster);
    for (const followed of cluster.triggers) {
      try {
        this.#judgeTrigger(pass, cluster, followed, view);
      } catch (error) {
        this.failures++;
        cluster.rebind(followed);
        const { name } = followed.trigger;
        this.#warnings.warn(name, { trigger: name, error: messageOf(error) }, "a trigger could not be judged");
      }
    }
    const due = cluster.timeMs - cluster.timeRecordedMs >= TIME_RECORD_MS && cluster.pending > 0;
    if (due || pass.transaction.entries.length > 0) {
      pass.transaction.add({ k: "time", cluster: cluster.name, timeMs: cluster.timeMs });
      cluster.timeRecordedMs = cluster.timeMs;
    }
  }

  /** Hosts that were deleted; what the table still holds of them counts no more until they are heard again. */
  gone(pass: Pass, clusterName: string, hosts: ReadonlySet<string>): void {
    for (const host of hosts) this.#clusters.get(clusterName)?.markGone(host);
    this.#expire(pass, clusterName, hosts, "the host was deleted");
  }

  /** As others see it, with what the condition looked at last. */
  alert({ trigger, cluster, host, pair }: LocatedPair): Alert {
    const known = this.#triggers.get(trigger);
    const firing = pair.state === "firing" ? pair.episode : undefined;
    return {
      trigger,
      cluster,
      host,
      severity: known?.severity ?? firing?.severity ?? "warning",
      state: pair.state,
      condition: known?.condition ?? "",
      evidence: this.#evidence(known, cluster, host) ?? firing?.evidence ?? "",
      activeAtMs: pair.state === "pending" ? pair.activeAtMs : pair.episode.activeAtMs,
      firedAtMs: firing?.firedAtMs ?? 0,
      episode: firing?.id ?? "",
    };
  }

  #evidence(trigger: Trigger | undefined, clusterName: string, host: string): string | undefined {
    const cluster = this.#clusters.get(clusterName);
    const row = cluster?.rowOf(host) ?? NONE;
    if (trigger === undefined || cluster?.view === undefined || row === NONE) return undefined;
    return evidenceOf(trigger.metrics, cluster.view, row);
  }

  #follow(name: string): ClusterState {
    let cluster = this.#clusters.get(name);
    if (cluster === undefined) {
      cluster = new ClusterState(name, [...this.#triggers.values()], this.#ledger);
      this.#clusters.set(name, cluster);
    }
    return cluster;
  }

  #judgeTrigger(pass: Pass, cluster: ClusterState, { trigger, rows }: FollowedTrigger, view: ClusterView): void {
    const { readings, timeMs, name } = cluster;
    const { scratch } = readings;
    const verdicts = scratch.takeTruths();
    trigger.judge(readings, verdicts);
    const asked = trigger.recovered !== undefined && rows.firing > 0 ? scratch.takeTruths() : undefined;
    if (asked !== undefined) trigger.recovered?.(readings, asked);
    const changes = this.#changes;
    rows.step(verdicts, asked, readings.rowCount, timeMs, trigger.forMs, changes);
    scratch.giveTruths(verdicts);
    if (asked !== undefined) scratch.giveTruths(asked);

    pass.clear(
      trigger.name,
      name,
      changes.cleared.map((row) => cluster.hostName(row)),
    );
    const pairs = this.#ledger.pairs(name, trigger.name);
    for (const row of changes.ended) {
      const pair = pairs.get(cluster.hostName(row));
      if (pair?.state !== "firing") continue;
      pass.end("resolved", pair, trigger.forMs, timeMs, evidenceOf(trigger.metrics, view, row), "");
    }
    pass.begin(
      trigger,
      name,
      timeMs,
      changes.began.map((row) => cluster.hostName(row)),
    );
    for (const row of changes.fired) {
      const evidence = evidenceOf(trigger.metrics, view, row);
      pass.fire(trigger, name, cluster.hostName(row), rows.sinceMs(row), timeMs, evidence);
    }
  }

  /** What is pending has waited as long as before, not longer. */
  #shiftPending(pass: Pass, cluster: ClusterState, byMs: number): void {
    for (const { trigger, host, pair } of [...this.#ledger.clusterPairs(cluster.name)]) {
      const known = this.#triggers.get(trigger);
      if (pair.state === "pending" && known !== undefined) {
        pass.begin(known, cluster.name, pair.activeAtMs + byMs, [host]);
      }
    }
    for (const { rows } of cluster.triggers) rows.shiftPending(byMs);
  }

  /** Hosts that the journal knows but no frame since the start. */
  #expireAbsent(pass: Pass, cluster: ClusterState): void {
    if (cluster.absentChecked || cluster.timeMs - cluster.firstMs < ABSENT_MS) return;
    cluster.absentChecked = true;
    const absent = new Set<string>();
    for (const { host } of this.#ledger.clusterPairs(cluster.name)) {
      if (cluster.rowOf(host) === NONE) absent.add(host);
    }
    if (absent.size > 0) this.#expire(pass, cluster.name, absent, "the host was not seen since Grate was started");
  }

  #expire(pass: Pass, clusterName: string, hosts: ReadonlySet<string>, reason: string): void {
    const cluster = this.#clusters.get(clusterName);
    const endedAtMs = cluster !== undefined && cluster.timeMs > 0 ? cluster.timeMs : this.#clock.nowMs();
    for (const { trigger, host, pair } of [...this.#ledger.clusterPairs(clusterName)]) {
      if (!hosts.has(host)) continue;
      if (pair.state === "pending") pass.clear(trigger, clusterName, [host]);
      else pass.end("expired", pair, this.#forMs(trigger), endedAtMs, "", reason);
      const row = cluster?.rowOf(host) ?? NONE;
      const followed = row === NONE ? undefined : cluster?.triggers.find((known) => known.trigger.name === trigger);
      followed?.rows.end(row);
    }
  }

  #forMs(trigger: string): number {
    return this.#triggers.get(trigger)?.forMs ?? 0;
  }
}
