/** One level up from the scanner: a document as a tree, with attributes that are asked for by what they must be. */
import { DEFAULT_XML_LIMITS, scanXml, type XmlLimits } from "../xml/scanner.js";
import { ExtensionError } from "./errors.js";
import { parseSeconds } from "./seconds.js";

export class XmlElement {
  readonly name: string;
  readonly #attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[] = [];
  /** All text directly inside, joined. */
  text = "";

  constructor(name: string, attributes: ReadonlyMap<string, string>) {
    this.name = name;
    this.#attributes = attributes;
  }

  *all(name: string): Generator<XmlElement> {
    for (const child of this.children) if (child.name === name) yield child;
  }

  /** @returns the first of that name */
  first(name: string): XmlElement | undefined {
    return this.children.find((child) => child.name === name);
  }

  need(name: string): XmlElement {
    const child = this.first(name);
    if (child === undefined) throw new ExtensionError(`<${this.name}> without <${name}>`);
    return child;
  }

  optional(attribute: string): string | undefined {
    return this.#attributes.get(attribute);
  }

  string(attribute: string): string {
    const value = this.#attributes.get(attribute);
    if (value === undefined) throw new ExtensionError(`<${this.name}> without ${attribute}`);
    return value;
  }

  /** A whole number from 0 on. */
  count(attribute: string, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.string(attribute);
    const count = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
    if (!(count <= max)) throw this.#unexpected(attribute, `a whole number up to ${max}`);
    return count;
  }

  /** Any finite number. */
  number(attribute: string): number {
    const value = this.string(attribute);
    const number = /^-?[\d.]+(?:e[+-]?\d+)?$/.test(value) ? Number(value) : Number.NaN;
    if (!Number.isFinite(number)) throw this.#unexpected(attribute, "a number");
    return number;
  }

  /** Seconds in the document, milliseconds here. */
  ms(attribute: string): number {
    const valueMs = parseSeconds(this.string(attribute));
    if (Number.isNaN(valueMs)) throw this.#unexpected(attribute, "seconds");
    return valueMs;
  }

  flag(attribute: string): boolean {
    const value = this.string(attribute);
    if (value !== "yes" && value !== "no") throw this.#unexpected(attribute, "yes or no");
    return value === "yes";
  }

  #unexpected(attribute: string, expected: string): ExtensionError {
    const value = JSON.stringify(this.string(attribute).slice(0, 40));
    return new ExtensionError(`<${this.name}> with ${attribute} ${value}, expected ${expected}`);
  }
}

/** @throws XmlError where the document is not whole and well-formed */
export function parseTree(document: string, limits: XmlLimits = DEFAULT_XML_LIMITS): XmlElement {
  const top = new XmlElement("", new Map());
  const open = [top];
  scanXml(
    document,
    {
      start(name, attributes) {
        const element = new XmlElement(name, attributes);
        (open.at(-1) as XmlElement).children.push(element);
        open.push(element);
      },
      end() {
        open.pop();
      },
      text(text) {
        (open.at(-1) as XmlElement).text += text;
      },
    },
    limits,
  );
  return top.children[0] as XmlElement;
}
