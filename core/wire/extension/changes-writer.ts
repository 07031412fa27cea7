/** The present, or what changed of it, as text by columns. */
import type { ClusterView, NumberColumn, TextColumn } from "../../model/columns.js";
import { NONE } from "../../model/directory.js";
import { type MetricMeta, sameMeta } from "../../model/metric.js";
import type { Changes, ClusterChanges } from "./changes.js";
import { type Attributes, emptyTag, openTag, textTag, type WritingFacts, writeDocument, yesNo } from "./document.js";
import { formatAges, formatRows, formatValue, RunWriter } from "./lists.js";
import { formatSeconds } from "./seconds.js";
import { writeSums } from "./sums.js";

/**
 * Reads live views: join the chunks before the next frame is accepted, or the
 * document may hold a part of each.
 * @returns chunks of the document, a column or a host each
 */
export function writeChanges(facts: WritingFacts, changes: Changes): Generator<string> {
  return writeDocument(facts, writeBody(changes));
}

function* writeBody(changes: Changes): Generator<string> {
  yield `${openTag("CHANGES", { FULL: yesNo(changes.full), FRAME: changes.frame })}\n`;
  for (const cluster of changes.clusters) yield* writeCluster(cluster);
  for (const sums of changes.sums) yield writeSums(sums);
  yield "</CHANGES>\n";
}

function* writeCluster(changes: ClusterChanges): Generator<string> {
  const { view } = changes;
  const { directory } = view;
  // Whole seconds: sources that count in seconds then have ages without a fraction.
  const baseMs = Math.floor(view.frameTimeMs / 1_000) * 1_000;
  yield `${openTag("CLUSTER", {
    NAME: directory.name,
    FULL: yesNo(changes.full),
    FRAME: view.frameNumber,
    FRAME_TIME: formatSeconds(view.frameTimeMs),
    BASE: formatSeconds(baseMs),
    ROWS: view.rowCount,
    COLS: directory.columnCount,
    FIRING: changes.firing,
    OWNER: directory.facts.owner,
    LATLONG: directory.facts.latlong,
    URL: directory.facts.url,
  })}\n`;
  if (changes.goneRows.length > 0) yield `${emptyTag("GONE", { ROWS: formatRows(changes.goneRows) })}\n`;
  for (const row of changes.hostRows) yield writeHost(view, row);
  if (changes.heardRows.length > 0) {
    const heardMs = changes.heardRows.map((row) => view.reportedMs[row] as number);
    yield `${textTag("HEARD", { ROWS: formatRows(changes.heardRows) }, formatAges(heardMs, baseMs))}\n`;
  }
  for (const column of changes.metricColumns) yield writeMetric(changes, column);
  for (const column of view.columns()) {
    yield column.kind === "number" ? writeNumbers(changes, column, baseMs) : writeTexts(changes, column, baseMs);
  }
  yield "</CLUSTER>\n";
}

function writeHost(view: ClusterView, row: number): string {
  const host = view.directory.host(row);
  if (host === undefined) throw new Error(`BUG: row ${row} is to be written and is free`);
  return `${emptyTag("HOST", {
    ROW: row,
    NAME: host.name,
    IP: host.ip,
    TAGS: host.tags,
    LOCATION: host.location,
    TMAX: host.tmaxS,
    DMAX: host.dmaxS,
    GMOND_STARTED: host.startedS,
  })}\n`;
}

function writeMetric(changes: ClusterChanges, column: number): string {
  const { directory } = changes.view;
  const { name, kind } = directory.columnFacts(column);
  const common = directory.meta(NONE, column);
  const open = openTag("METRIC", { COL: column, NAME: name, KIND: kind, ...metaAttributes(common) });
  let body = writeExtra(common);
  for (const { meta, rows } of ownMetas(changes, column, common)) {
    body += `${openTag("OWN", { ROWS: formatRows(rows), ...metaAttributes(meta) })}${writeExtra(meta)}</OWN>`;
  }
  return `${open}${body}</METRIC>\n`;
}

/** Metadata in which hosts differ from what is common, hosts that say the same together. */
function ownMetas(
  changes: ClusterChanges,
  column: number,
  common: MetricMeta | undefined,
): { meta: MetricMeta; rows: number[] }[] {
  const { view } = changes;
  const own: { meta: MetricMeta; rows: number[] }[] = [];
  for (let row = 0; row < view.rowCount; row++) {
    const meta = view.directory.meta(row, column);
    if (meta === undefined || meta === common || !changes.isServed(row)) continue;
    const same = own.find((entry) => sameMeta(entry.meta, meta));
    if (same === undefined) own.push({ meta, rows: [row] });
    else same.rows.push(row);
  }
  return own;
}

function metaAttributes(meta: MetricMeta | undefined): Attributes {
  if (meta === undefined) return {};
  return { TYPE: meta.type, UNITS: meta.units, SLOPE: meta.slope, TMAX: meta.tmaxS, DMAX: meta.dmaxS };
}

function writeExtra(meta: MetricMeta | undefined): string {
  if (meta === undefined) return "";
  return meta.extra.map(([name, value]) => emptyTag("EXTRA_ELEMENT", { NAME: name, VAL: value })).join("");
}

/** Rows of a column to write; has() tells whether a row holds a value. */
function cellRows(changes: ClusterChanges, changedFrames: Float64Array, has: (row: number) => boolean): number[] {
  const { full, sinceFrame, isServed, view } = changes;
  const rows: number[] = [];
  for (let row = 0; row < view.rowCount; row++) {
    // A full document needs no "no value": its reader starts from nothing.
    if ((full ? has(row) : (changedFrames[row] as number) > sinceFrame) && isServed(row)) rows.push(row);
  }
  return rows;
}

function writeNumbers(changes: ClusterChanges, column: NumberColumn, baseMs: number): string {
  const { values, decimals, timesMs } = column;
  const rows = cellRows(changes, column.changedFrames, (row) => !Number.isNaN(values[row]));
  if (rows.length === 0) return "";
  const runs = new RunWriter();
  for (const row of rows) runs.push(formatValue(values[row] as number, decimals[row] as number));
  return `${openTag("NUMBERS", { COL: column.column, ROWS: formatRows(rows) })}<V>${runs}</V>${agesTag(rows, timesMs, baseMs)}</NUMBERS>\n`;
}

function writeTexts(changes: ClusterChanges, column: TextColumn, baseMs: number): string {
  const { texts, timesMs } = column;
  const rows = cellRows(changes, column.changedFrames, (row) => texts[row] !== undefined);
  if (rows.length === 0) return "";
  const rowsByText = new Map<string, number[]>();
  for (const row of rows) {
    const text = texts[row];
    if (text === undefined) continue;
    const same = rowsByText.get(text);
    if (same === undefined) rowsByText.set(text, [row]);
    else same.push(row);
  }
  let body = "";
  for (const [text, of] of rowsByText) body += textTag("V", { ROWS: formatRows(of) }, text);
  return `${openTag("TEXTS", { COL: column.column, ROWS: formatRows(rows) })}${body}${agesTag(rows, timesMs, baseMs)}</TEXTS>\n`;
}

function agesTag(rows: readonly number[], timesMs: Float64Array, baseMs: number): string {
  return `<AGE>${formatAges(
    rows.map((row) => timesMs[row] as number),
    baseMs,
  )}</AGE>`;
}
