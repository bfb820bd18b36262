/** A small XML reader that forgives nothing: what it takes, every parser takes. */

export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly (Element | string)[];
}

const NAME = '[A-Za-z_][A-Za-z0-9_.-]*';
const ENTITY = /&(?:#(\d+)|amp|lt|gt|quot|apos);/g;
const INVALID =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

export function parseXml(text: string): Element {
  if (INVALID.test(text)) throw new Error('a character that XML does not allow');
  const token = new RegExp(`<(/?)(${NAME})((?:\\s+${NAME}="[^"<]*")*)\\s*(/?)>|([^<]+)`, 'y');
  const root: { name: string; attributes: Map<string, string>; children: (Element | string)[] } = {
    name: '',
    attributes: new Map(),
    children: [],
  };
  const open = [root];
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (match === null) throw new Error(`not XML: ${text.slice(at, at + 80)}`);
    const [, closing, name, attributes, empty, content] = match;
    const top = open[open.length - 1]!;
    if (content !== undefined) top.children.push(decoded(content));
    else if (closing === '/') {
      if (top.name !== name || attributes !== '') throw new Error(`</${String(name)}> closes <${top.name}>`);
      open.pop();
    } else {
      const element = { name: name!, attributes: attributesOf(attributes!), children: [] };
      top.children.push(element);
      if (empty !== '/') open.push(element);
    }
  }
  const elements = root.children.filter(child => typeof child !== 'string');
  if (open.length !== 1 || elements.length !== 1) throw new Error('not one whole element');
  return elements[0]!;
}

function attributesOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name, value] of text.matchAll(new RegExp(`(${NAME})="([^"]*)"`, 'g'))) {
    if (found.has(name!)) throw new Error(`${name!} stands twice`);
    found.set(name!, decoded(value!));
  }
  return found;
}

function decoded(text: string): string {
  if (text.replace(ENTITY, '').includes('&')) throw new Error(`a bare & in ${text}`);
  const named: Record<string, string> = {
    '&amp;': '&',
    '&lt;': '<',
    '&gt;': '>',
    '&quot;': '"',
    '&apos;': "'",
  };
  return text.replace(ENTITY, (entity, code?: string) =>
    code === undefined ? named[entity]! : String.fromCodePoint(Number(code)),
  );
}

export function* walk(element: Element): Generator<Element> {
  yield element;
  for (const child of element.children) if (typeof child !== 'string') yield* walk(child);
}

export const textOf = (element: Element): string =>
  element.children.map(child => (typeof child === 'string' ? child : textOf(child))).join('');
