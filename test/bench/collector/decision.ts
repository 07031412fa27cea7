/**
 * How long after the last octet of a document everything is decided: read, put
 * into the table, logged on a real disk, kept in the window, judged by all triggers.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { collectorSchema } from "../../../collector/config.js";
import { Collector } from "../../../collector/pipeline.js";
import { silentLogger } from "../../../core/base/log.js";
import { nodeLogFiles } from "../../../core/base/record-log-files.js";
import { GangliaXmlReader } from "../../../core/wire/ganglia/xml-reader.js";
import { triggersSchema } from "../../../triggers/config.js";
import { recordLogJournal } from "../../../triggers/engine/journal-log.js";
import { TriggerEngine } from "../../../triggers/engine.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { EmulatedCluster } from "../emulator/cluster.js";
import { DocumentWriter } from "../emulator/document.js";
import { SEED, TEMPLATE } from "../emulator/start.js";
import { readTemplate } from "../emulator/template.js";
import { POLL_S } from "./peers.js";
import { triggersYaml } from "./triggers.js";

/** @returns ms of each round, in their order; the first ones compile what is hot later */
export async function measureDecisions(folder: string, hosts: number, rounds: number): Promise<number[]> {
  const state = join(folder, "decision");
  mkdirSync(state);
  const clock = new VirtualClock();
  const common = { clock, logger: silentLogger };
  const files = nodeLogFiles(join(state, "frames"));
  const present = new Collector({ config: collectorSchema.parse({}), instance: "bench", files, ...common });
  const config = { triggers: triggersSchema.parse(parse(triggersYaml()).triggers), receivers: {}, commands: {} };
  const openJournal = recordLogJournal(nodeLogFiles(join(state, "triggers")));
  const triggers = new TriggerEngine({ config, openJournal, ...common });
  present.onFrame((view, frame) => triggers.evaluate(view, frame.timeMs));
  await present.start();
  await triggers.start();
  const template = readTemplate(TEMPLATE);
  const cluster = new EmulatedCluster(template, {
    name: "emulated",
    hosts,
    seed: SEED,
    intervalS: POLL_S,
    fresh: "all",
  });
  const writer = new DocumentWriter(template, cluster);
  const reader = new GangliaXmlReader({ source: "emulated", sink: present });
  const tookMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    writer.prepare(round);
    const document = writer.document(Math.floor(clock.nowMs() / 1_000));
    const startMs = performance.now();
    reader.read(document, clock.nowMs());
    tookMs.push(performance.now() - startMs);
    await clock.advance(POLL_S * 1_000);
  }
  await triggers.stop();
  await present.stop();
  return tookMs;
}
