/** The frame around each of our documents, and the tags inside. */
import { escapeXml } from "../xml/escape.js";
import type { XmlLimits } from "../xml/scanner.js";
import { DTD } from "./dtd.js";
import { parseTree, type XmlElement } from "./element.js";
import { type ErrorCode, ExtensionError, RefusedError } from "./errors.js";
import { formatSeconds } from "./seconds.js";

/** Grows only if old readers could misread a document; additions do not count. */
export const FORMAT_VERSION = "1";

/** On the outermost element of each answer. */
export interface DocumentFacts {
  /** Of the collector, new at each start: frame numbers and times mean something within one. */
  readonly instance: string;
  /** The collector's clock, epoch ms. */
  readonly nowMs: number;
}

/** How a document is to be written. */
export interface WritingFacts extends DocumentFacts {
  /** It is to carry its DTD, for readers that judge it by that. */
  readonly dtd?: boolean | undefined;
}

/** By name, in the order in which they are to stand. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** @returns an open tag; attributes that are undefined are left out */
export function openTag(name: string, attributes: Attributes = {}): string {
  return `<${name}${formatAttributes(attributes)}>`;
}

export function emptyTag(name: string, attributes: Attributes = {}): string {
  return `<${name}${formatAttributes(attributes)}/>`;
}

export function textTag(name: string, attributes: Attributes, text: string): string {
  return `<${name}${formatAttributes(attributes)}>${escapeXml(text)}</${name}>`;
}

function formatAttributes(attributes: Attributes): string {
  let text = "";
  for (const name in attributes) {
    const value = attributes[name];
    if (value !== undefined) text += ` ${name}="${typeof value === "number" ? finite(value) : escapeXml(value)}"`;
  }
  return text;
}

/** One host's odd TMAX must not make the whole document unreadable. */
const finite = (value: number): number => (Number.isFinite(value) ? value : 0);

export const yesNo = (value: boolean): string => (value ? "yes" : "no");

/** Wraps a body; the chunks joined are the document. */
export function* writeDocument(facts: WritingFacts, body: Iterable<string>): Generator<string> {
  yield head(facts.dtd);
  yield `${openTag("GRATE_XML", { VERSION: FORMAT_VERSION, INSTANCE: facts.instance, NOW: formatSeconds(facts.nowMs) })}\n`;
  yield* body;
  yield "</GRATE_XML>\n";
}

function head(dtd: boolean | undefined): string {
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
  return dtd === true ? `${declaration}<!DOCTYPE GRATE_XML [\n${DTD}]>\n` : declaration;
}

/** The answer to what cannot be answered. */
export function writeError(code: ErrorCode, message: string, dtd?: boolean): string {
  return `${head(dtd)}${openTag("GRATE_XML", { VERSION: FORMAT_VERSION })}\n${emptyTag("ERROR", { CODE: code, MESSAGE: message })}\n</GRATE_XML>\n`;
}

export interface OpenedDocument {
  readonly facts: DocumentFacts;
  /** The element that was asked for. */
  readonly body: XmlElement;
}

/**
 * @param bodyName element that the answer must hold
 * @throws XmlError, ExtensionError for what is no such document, RefusedError for an error document
 */
export function openDocument(document: string, bodyName: string, limits?: XmlLimits): OpenedDocument {
  const root = parseTree(document, limits);
  if (root.name !== "GRATE_XML") throw new ExtensionError(`a document of <${root.name}>, expected <GRATE_XML>`);
  const version = root.string("VERSION");
  if (version !== FORMAT_VERSION) {
    throw new ExtensionError(`format version ${JSON.stringify(version.slice(0, 40))}, expected ${FORMAT_VERSION}`);
  }
  const error = root.first("ERROR");
  if (error !== undefined) throw new RefusedError(error.string("CODE"), error.string("MESSAGE"));
  return { facts: { instance: root.string("INSTANCE"), nowMs: root.ms("NOW") }, body: root.need(bodyName) };
}
