/**
 * A small, strict reader for whole XML documents: what our own documents and
 * Ganglia's need, and nothing more. Not validating. It exists because a reader
 * for strangers' bytes should have no entities to expand, no depth to exhaust
 * and no way of giving back half a document as if it were whole.
 *
 * The hot path, Ganglia's document into columns, does not come through here.
 */

export interface XmlHandler {
  start(name: string, attributes: ReadonlyMap<string, string>): void;
  end(name: string): void;
  /** Text as it stands, white space included; may come in pieces around a comment. */
  text(text: string): void;
}

export interface XmlLimits {
  /** UTF-16 units of the whole document. */
  readonly charsMax: number;
  readonly depthMax: number;
  /** Of one element. */
  readonly attributesMax: number;
}

/**
 * 64 Mi: five times the 12.1 MB that a cluster of 1,000 hosts takes in Ganglia's
 * own words. Our deepest document nests 6 elements, Ganglia's 7.
 */
export const DEFAULT_XML_LIMITS: XmlLimits = Object.freeze({ charsMax: 2 ** 26, depthMax: 16, attributesMax: 64 });

/** The document is not what it should be; nothing of it is to be used. */
export class XmlError extends Error {
  override readonly name = "XmlError";
  /** UTF-16 units from the start of the document. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(`${message} (at character ${offset})`);
    this.offset = offset;
  }
}

const NAME = /[A-Za-z_][\w.-]*/y;
const ATTRIBUTE = /[ \t\r\n]+([A-Za-z_][\w.:-]*)[ \t\r\n]*=[ \t\r\n]*(?:"([^"<]*)"|'([^'<]*)')/y;
const TAG_END = /[ \t\r\n]*(\/?)>/y;
const DOCTYPE = /<!DOCTYPE\s+[A-Za-z_][\w.-]*\s*(?:\[([^\]]*)\]\s*)?>/y;
const REFERENCE = /&(?:#(\d{1,7});|#x([0-9a-fA-F]{1,6});|(amp|lt|gt|quot|apos);)?/g;
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const NOT_BLANK = /[^ \t\r\n]/;
const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

const NAMED: Readonly<Record<string, string>> = Object.freeze({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" });

/**
 * Reads a whole document, telling the handler what comes. The handler may have
 * been told of a part before a fault is found: what it gathers counts only once
 * this returns.
 * @throws XmlError where the document is not well-formed, is cut off, is over a
 * limit, or uses what is not supported (entities of its own, CDATA sections)
 */
export function scanXml(document: string, handler: XmlHandler, limits: XmlLimits = DEFAULT_XML_LIMITS): void {
  if (document.length > limits.charsMax) {
    throw new XmlError(`the document has ${document.length} characters, at most ${limits.charsMax} are read`, 0);
  }
  const control = document.search(FORBIDDEN);
  if (control >= 0) throw new XmlError("a character that XML does not allow", control);
  new Scan(document, handler, limits).run();
}

class Scan {
  readonly #document: string;
  readonly #handler: XmlHandler;
  readonly #limits: XmlLimits;
  readonly #open: string[] = [];
  #at: number;
  #sawRoot = false;
  #sawDoctype = false;

  constructor(document: string, handler: XmlHandler, limits: XmlLimits) {
    this.#document = document;
    this.#handler = handler;
    this.#limits = limits;
    this.#at = document.charCodeAt(0) === 0xfeff ? 1 : 0;
  }

  run(): void {
    const document = this.#document;
    for (;;) {
      const tag = document.indexOf("<", this.#at);
      this.#text(tag < 0 ? document.length : tag);
      if (tag < 0) break;
      const next = document.charCodeAt(tag + 1);
      if (next === 0x2f) this.#endTag();
      else if (next === 0x3f) this.#skip("<?", "?>");
      else if (next === 0x21) this.#declaration();
      else this.#startTag();
    }
    const open = this.#open.at(-1);
    if (open !== undefined) throw this.#fault(`the document ends inside <${open}>`);
    if (!this.#sawRoot) throw this.#fault("the document has no element");
  }

  #text(end: number): void {
    if (end === this.#at) return;
    const raw = this.#document.slice(this.#at, end);
    if (this.#open.length > 0) {
      this.#handler.text(this.#resolve(raw.includes("\r") ? raw.replaceAll(/\r\n?/g, "\n") : raw));
    } else if (NOT_BLANK.test(raw)) {
      throw this.#fault("text outside of the document's element");
    }
    this.#at = end;
  }

  #startTag(): void {
    if (this.#open.length === 0 && this.#sawRoot) throw this.#fault("a second element at the top");
    if (this.#open.length >= this.#limits.depthMax) {
      throw this.#fault(`more than ${this.#limits.depthMax} elements inside each other`);
    }
    const start = this.#at;
    this.#at++;
    const name = this.#match(NAME)?.[0];
    if (name === undefined) throw this.#fault("expected the name of an element after <");
    const attributes = this.#attributes();
    const close = this.#match(TAG_END);
    if (close === undefined) throw new XmlError(`the tag <${name}> is malformed or cut off`, start);
    this.#sawRoot = true;
    this.#handler.start(name, attributes);
    if (close[1] === "/") this.#handler.end(name);
    else this.#open.push(name);
  }

  #attributes(): ReadonlyMap<string, string> {
    let attributes: Map<string, string> | undefined;
    for (let found = this.#match(ATTRIBUTE); found !== undefined; found = this.#match(ATTRIBUTE)) {
      attributes ??= new Map();
      const name = found[1] as string;
      if (attributes.has(name)) throw this.#fault(`the attribute ${name} stands twice in one tag`);
      if (attributes.size >= this.#limits.attributesMax) {
        throw this.#fault(`more than ${this.#limits.attributesMax} attributes in one tag`);
      }
      const raw = (found[2] ?? found[3]) as string;
      attributes.set(name, this.#resolve(raw.replaceAll(/\r\n|[\t\r\n]/g, " ")));
    }
    return attributes ?? NO_ATTRIBUTES;
  }

  #endTag(): void {
    const start = this.#at;
    this.#at += 2;
    const name = this.#match(NAME)?.[0];
    const close = this.#match(TAG_END);
    if (name === undefined || close === undefined || close[1] === "/") {
      throw new XmlError("an end tag is malformed or cut off", start);
    }
    const open = this.#open.pop();
    if (open !== name) {
      const expected = open === undefined ? "no end tag" : `</${open}>`;
      throw new XmlError(`found </${name}>, expected ${expected}`, start);
    }
    this.#handler.end(name);
  }

  #declaration(): void {
    if (this.#document.startsWith("<!--", this.#at)) {
      this.#skip("<!--", "-->");
      return;
    }
    const doctype = this.#match(DOCTYPE);
    if (doctype === undefined || this.#sawRoot || this.#sawDoctype) {
      throw this.#fault("this kind of declaration is not supported");
    }
    this.#sawDoctype = true;
    if (/<!ENTITY|%/.test(doctype[1] ?? "")) throw this.#fault("entities of the document's own are not supported");
  }

  #skip(open: string, close: string): void {
    const end = this.#document.indexOf(close, this.#at + open.length);
    if (end < 0) throw this.#fault(`${open} without ${close}`);
    this.#at = end + close.length;
  }

  /** Entities and numeric references into characters. */
  #resolve(raw: string): string {
    if (!raw.includes("&")) return raw;
    return raw.replace(REFERENCE, (_whole, decimal, hex, name) => {
      if (name !== undefined) return NAMED[name] as string;
      const code = decimal !== undefined ? Number(decimal) : hex !== undefined ? Number.parseInt(hex, 16) : 0;
      if (!isXmlChar(code)) throw this.#fault("& is not followed by a reference to a character that XML allows");
      return String.fromCodePoint(code);
    });
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#document);
    if (found === null) return undefined;
    this.#at = pattern.lastIndex;
    return found;
  }

  #fault(message: string): XmlError {
    return new XmlError(message, this.#at);
  }
}

/** Char of XML 1.0. */
function isXmlChar(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}
