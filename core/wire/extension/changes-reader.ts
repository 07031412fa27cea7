/** The text of `changes` back into typed columns. All of it is checked before anything is given back. */
import type { HostFacts } from "../../model/host.js";
import { isMetricType, isSlope, kindOf, type MetricMeta, type ValueKind } from "../../model/metric.js";
import { nameFault, quoteName } from "../../model/names.js";
import type { XmlLimits } from "../xml/scanner.js";
import type { ChangesDocument, ClusterDelta, HostDelta, MetricDelta, NumberCells, TextCells } from "./changes.js";
import { openDocument } from "./document.js";
import type { XmlElement } from "./element.js";
import { ExtensionError } from "./errors.js";
import { parseAges, parseRows, parseValues } from "./lists.js";
import { readSums } from "./sums.js";

/** Sixteen times the hosts of the largest clusters known. */
const ROWS_MAX = 2 ** 20;
const COLUMNS_MAX = 2 ** 16;

/**
 * Cells of one document. Runs let a short text claim many: 16 million, as 10,000
 * hosts with 1,600 metrics each, take 350 MB here, and more is no monitoring.
 */
const CELLS_MAX = 2 ** 24;

/**
 * @throws XmlError for a document that is cut or malformed, ExtensionError for one that is not as FORMAT.md
 * says, RefusedError for an answer that is an error
 */
export function readChanges(document: string, limits?: XmlLimits): ChangesDocument {
  const { facts, body } = openDocument(document, "CHANGES", limits);
  const budget = new CellBudget();
  const sums = [...body.all("SUMS")].map(readSums).filter((delta) => delta !== undefined);
  return {
    ...facts,
    full: body.flag("FULL"),
    frame: body.count("FRAME"),
    clusters: [...body.all("CLUSTER")].map((cluster) => readCluster(cluster, budget)),
    ...(sums.length > 0 && { sums }),
  };
}

class CellBudget {
  #left = CELLS_MAX;

  rows(element: XmlElement, limit: number): Uint32Array {
    const rows = parseRows(element.string("ROWS"), limit);
    this.#left -= rows.length;
    if (this.#left < 0) throw new ExtensionError(`more than ${CELLS_MAX} cells in one document`);
    return rows;
  }
}

function readCluster(element: XmlElement, budget: CellBudget): ClusterDelta {
  const rowCount = element.count("ROWS", ROWS_MAX);
  const columnCount = element.count("COLS", COLUMNS_MAX);
  const baseMs = element.ms("BASE");
  const gone = element.first("GONE");
  const heard = element.first("HEARD");
  const heardRows = heard === undefined ? new Uint32Array(0) : budget.rows(heard, rowCount);
  return {
    name: readName(element),
    full: element.flag("FULL"),
    frame: element.count("FRAME"),
    frameTimeMs: element.ms("FRAME_TIME"),
    facts: { owner: element.string("OWNER"), latlong: element.string("LATLONG"), url: element.string("URL") },
    rowCount,
    columnCount,
    firing: element.count("FIRING"),
    goneRows: gone === undefined ? new Uint32Array(0) : budget.rows(gone, rowCount),
    hosts: [...element.all("HOST")].map((host) => readHost(host, rowCount)),
    heardRows,
    heardMs: parseAges(heard?.text ?? "", heardRows.length, baseMs),
    metrics: [...element.all("METRIC")].map((metric) => readMetric(metric, rowCount, columnCount, budget)),
    numbers: [...element.all("NUMBERS")].map((cells) => readNumbers(cells, rowCount, columnCount, baseMs, budget)),
    texts: [...element.all("TEXTS")].map((cells) => readTexts(cells, rowCount, columnCount, baseMs, budget)),
  };
}

function readHost(element: XmlElement, rowCount: number): HostDelta {
  const facts: HostFacts = {
    name: readName(element),
    ip: element.string("IP"),
    tags: element.string("TAGS"),
    location: element.string("LOCATION"),
    tmaxS: element.number("TMAX"),
    dmaxS: element.number("DMAX"),
    startedS: element.number("GMOND_STARTED"),
  };
  return { row: element.count("ROW", rowCount - 1), facts };
}

function readMetric(element: XmlElement, rowCount: number, columnCount: number, budget: CellBudget): MetricDelta {
  const name = readName(element);
  const kind = element.string("KIND");
  if (kind !== "number" && kind !== "text") {
    throw new ExtensionError(`<METRIC> with KIND ${quoteName(kind)}, expected number or text`);
  }
  return {
    column: element.count("COL", columnCount - 1),
    name,
    kind,
    meta: element.optional("TYPE") === undefined ? undefined : readMeta(element, name, kind),
    own: [...element.all("OWN")].map((own) => ({
      rows: budget.rows(own, rowCount),
      meta: readMeta(own, name, kind),
    })),
  };
}

function readMeta(element: XmlElement, name: string, kind: ValueKind): MetricMeta {
  const type = element.string("TYPE");
  const slope = element.string("SLOPE");
  if (!isMetricType(type) || kindOf(type) !== kind) {
    throw new ExtensionError(`TYPE ${quoteName(type)} of the metric ${quoteName(name)}, expected a type of ${kind}`);
  }
  if (!isSlope(slope)) throw new ExtensionError(`SLOPE ${quoteName(slope)} of the metric ${quoteName(name)}`);
  return {
    name,
    type,
    units: element.string("UNITS"),
    slope,
    tmaxS: element.number("TMAX"),
    dmaxS: element.number("DMAX"),
    extra: [...element.all("EXTRA_ELEMENT")].map((pair) => [pair.string("NAME"), pair.string("VAL")] as const),
  };
}

function readNumbers(
  element: XmlElement,
  rowCount: number,
  columnCount: number,
  baseMs: number,
  budget: CellBudget,
): NumberCells {
  const rows = budget.rows(element, rowCount);
  return {
    column: element.count("COL", columnCount - 1),
    rows,
    ...parseValues(element.need("V").text, rows.length),
    timesMs: parseAges(element.need("AGE").text, rows.length, baseMs),
  };
}

function readTexts(
  element: XmlElement,
  rowCount: number,
  columnCount: number,
  baseMs: number,
  budget: CellBudget,
): TextCells {
  const rows = budget.rows(element, rowCount);
  const textByRow = new Map<number, string>();
  for (const value of element.all("V")) {
    for (const row of budget.rows(value, rowCount)) textByRow.set(row, value.text);
  }
  return {
    column: element.count("COL", columnCount - 1),
    rows,
    texts: Array.from(rows, (row) => textByRow.get(row)),
    timesMs: parseAges(element.need("AGE").text, rows.length, baseMs),
  };
}

function readName(element: XmlElement): string {
  const name = element.string("NAME");
  const fault = nameFault(name);
  if (fault !== undefined) throw new ExtensionError(`<${element.name}> with NAME ${quoteName(name)}: ${fault}`);
  return name;
}
