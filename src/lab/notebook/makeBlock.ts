/** Selected cells of a notebook become a block: a header above them, and all other cells stay where they belong. */
import type { JSONObject } from '@lumino/coreutils';
import { formatHeader } from '../../protocol/flow/headers.js';
import type { BlockToAdd } from '../flowTokens.js';
import { filterWordsOf } from './filterWords.js';
import { factsOf, type OpenNotebook } from './openNotebook.js';
import { membershipOf, type Membership } from './membership.js';

/** @param cells ids */
export function makeBlock(notebook: OpenNotebook, cells: readonly string[], block: BlockToAdd): void {
  const { model, subject } = notebook;
  const record = subject.kind === 'flow' ? subject.record : null;
  const facts = factsOf(model);
  const before = membershipOf(facts, record);
  const order = facts.map(({ id }) => id);
  const isFlow = before.sections.length > 0 || before.outside.size > 0;
  const headers = new Set(before.sections.flatMap(({ header }) => header?.cell ?? []));
  const chosen = order.filter(id => cells.includes(id) && !headers.has(id));
  if (chosen.length === 0) return;
  const next = orderWith(order, chosen, before);
  // Marks first, so that cells are what they were at every moment in between.
  for (const id of order) {
    if (chosen.includes(id)) mark(notebook, id, false);
    else if (!isFlow || before.outside.has(id)) mark(notebook, id, true);
  }
  const at = (id: string): number => [...model.cells].findIndex(cell => cell.id === id);
  const { sharedModel } = model;
  next.forEach((id, place) => {
    const from = at(id);
    if (from !== place) sharedModel.moveCell(from, place);
  });
  sharedModel.insertCell(at(chosen[0]!), {
    cell_type: 'markdown',
    source: headerText(block),
    metadata: {},
  });
}

/**
 * The selected cells together. In the middle of a block they go behind it, so that none of its other cells comes to stand
 * below the new header; at its beginning, above it.
 */
function orderWith(
  order: readonly string[],
  chosen: readonly string[],
  membership: Membership,
): readonly string[] {
  const rest = order.filter(id => !chosen.includes(id));
  const first = chosen[0]!;
  const home = membership.sectionOf(first);
  const above = order.slice(0, order.indexOf(first)).filter(id => !chosen.includes(id));
  if (home === undefined) return insertedAt(rest, above.length, chosen);
  const own = home.cells.filter(id => !chosen.includes(id));
  const isLeading = home.header !== null && own.every(id => order.indexOf(id) > order.indexOf(first));
  if (isLeading && own.length > 0) return insertedAt(rest, rest.indexOf(home.header.cell), chosen);
  const last = own.at(-1) ?? home.header?.cell;
  const place = last === undefined ? above.length : rest.indexOf(last) + 1;
  return insertedAt(rest, place, chosen);
}

const insertedAt = (list: readonly string[], place: number, items: readonly string[]): readonly string[] => [
  ...list.slice(0, place),
  ...items,
  ...list.slice(place),
];

function mark(notebook: OpenNotebook, id: string, isOutside: boolean): void {
  const cell = notebook.cell(id);
  if (cell === undefined) return;
  const { outside, block: _, ...rest } = (cell.getMetadata('dagpy') as JSONObject | undefined) ?? {};
  if ((outside === true) === isOutside && isOutside) return;
  const next: JSONObject = isOutside ? { ...rest, outside: true } : rest;
  if (Object.keys(next).length > 0) cell.setMetadata('dagpy', next);
  else if (cell.getMetadata('dagpy') !== undefined) cell.deleteMetadata('dagpy');
}

/** Parents that are not said are found from the code. */
function headerText({ id, parents, filter }: BlockToAdd): string {
  const text = formatHeader({
    name: id,
    parents: [...new Set(parents?.map(({ block }) => block) ?? [])],
    filter: filterWordsOf(filter),
    rest: [],
  });
  return parents === null ? text.replace(/^- Parents:.*\n/m, '') : text;
}
