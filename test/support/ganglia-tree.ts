/** Ganglia documents as trees, to compare those of two servers element by element. */
import { scanXml } from "../../core/wire/xml/scanner.js";

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
}

export function tree(document: string): Element {
  const top: Element = { name: "", attributes: {}, children: [] };
  const open = [top];
  scanXml(document, {
    start(name, attributes) {
      const element: Element = { name, attributes: Object.fromEntries(attributes), children: [] };
      open.at(-1)?.children.push(element);
      open.push(element);
    },
    end: () => void open.pop(),
    text: () => {},
  });
  return top.children[0] as Element;
}

interface Comparable {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Attributes that are there, but not compared. */
  readonly times: readonly string[];
  readonly children: readonly Comparable[];
}

/**
 * Without what two servers cannot agree on: gmetad repeats the LOCALTIME that it
 * read last, and rounds ages of its own to whole seconds once more.
 * @param without further attributes of which only the presence counts
 */
export function comparable(element: Element, without: readonly string[] = []): Comparable {
  const vague = ["LOCALTIME", "REPORTED", ...without];
  const attributes = Object.fromEntries(Object.entries(element.attributes).filter(([key]) => !vague.includes(key)));
  const children = element.children.map((child) => comparable(child, without));
  // Extra data have an order that matters, everything else is a set.
  const order = (child: unknown) => JSON.stringify(child);
  if (element.name !== "EXTRA_DATA") children.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  const times = Object.keys(element.attributes)
    .filter((name) => vague.includes(name))
    .sort();
  return { name: element.name, attributes, times, children };
}

/** All elements of a name below this one, at any depth, in the order of the document. */
export function* elements(element: Element, name: string): Generator<Element> {
  for (const child of element.children) {
    if (child.name === name) yield child;
    yield* elements(child, name);
  }
}
