/** State of widgets goes where the outputs go that show them. */
import { membersOf, valueAt } from '../../protocol/jsonText.js';
import type { JsonObject } from '../../protocol/outputs.js';
import { isObject, WIDGET_STATE } from './outputs.js';
import { readWidgets, type Notebook } from './read.js';
import { setMetadata } from './splice.js';

const VIEW = 'application/vnd.jupyter.widget-view+json';
const STATE = ['widgets', WIDGET_STATE];

/**
 * A notebook's text with the state of all widgets that it shows.
 * @param donors notebooks that its cells may come from; what it has itself stays
 */
export function withWidgets(text: string, donors: readonly Notebook[]): string {
  if (!text.includes(VIEW)) return text;
  const states = donors.map(readWidgets).filter(state => state !== undefined);
  const models = new Map(
    states.flatMap(({ state }) => (isObject(state) ? Object.entries(state as JsonObject) : [])),
  );
  const has = valueAt(text, ['metadata', ...STATE, 'state']);
  const present = new Set(has === undefined ? [] : membersOf(text, has.start).map(({ key }) => key));
  const shown = [...text.matchAll(/"model_id"\s*:\s*"([^"]+)"/g)].map(([, id]) => id!);
  const wanted = new Set(shown);
  // A widget names its parts; growing a set while going through it visits them too.
  for (const id of wanted)
    for (const [, part] of JSON.stringify(models.get(id) ?? null).matchAll(/IPY_MODEL_([^"\\]+)/g))
      wanted.add(part!);
  const missing = [...wanted].filter(id => models.has(id) && !present.has(id));
  if (missing.length === 0) return text;
  let next = text;
  for (const id of missing) next = setMetadata(next, [...STATE, 'state', id], models.get(id));
  for (const key of ['version_major', 'version_minor']) {
    const version = states[0]?.[key];
    if (valueAt(next, ['metadata', ...STATE, key]) === undefined && version !== undefined)
      next = setMetadata(next, [...STATE, key], version);
  }
  return next;
}
