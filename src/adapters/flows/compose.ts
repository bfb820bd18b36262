/** A flow notebook out of blocks: a header above the cells of each, and a record of what it was made from. */
import { formatHeader } from '../../protocol/flow/headers.js';
import { formatJson } from '../../protocol/jsonFormat.js';
import { FLOW_VERSION, type FlowRecord, type RecordedBlock } from '../../protocol/flow/record.js';
import type { JsonObject } from '../../protocol/outputs.js';
import { composeNotebook, readWidgets, type Notebook } from '../notebooks/index.js';
import { splitLines } from '../notebooks/outputs.js';
import { layoutOf } from './cellList.js';
import { cellInFlow, meaningOf, type CellLayout } from './cellText.js';

/** A block as a flow shows it. */
export interface FlowBlock {
  readonly uid: string;
  readonly name: string;
  readonly parents: readonly string[];
  /** `auto`, `off`, or names and globs. */
  readonly filter: readonly string[];
  readonly notebook: Notebook;
}

export type Digest = (text: string) => string;

/** The first that has cell ids. */
const MINOR_WITH_IDS = 5;
const DIGITS = 32;

/**
 * @param blocks in the order in which they stand in the flow; the last one is what it leads to
 * @param remarks lines that a person wrote into the headers of an earlier flow, by uid
 */
export function composeFlow(
  project: string,
  blocks: readonly FlowBlock[],
  digest: Digest,
  remarks: ReadonlyMap<string, readonly string[]> = new Map(),
): string {
  const target = blocks.at(-1);
  if (target === undefined) throw new Error('a flow leads to a block');
  const layout = layoutOf(target.notebook.text);
  const names = new FlowIds();
  names.reserve(blocks.map(({ uid }) => headerId(uid)));
  const recorded: RecordedBlock[] = [];
  const cells: string[] = [];
  for (const block of blocks) {
    const own = block.notebook.cells.map(cell => ({
      cell,
      id: names.take(cell.hasOwnId ? cell.id : undefined, block.uid),
    }));
    recorded.push(
      recordOf(
        block,
        own.map(({ id }) => id),
        digest,
      ),
    );
    cells.push(headerCell(block, layout, remarks.get(block.uid)));
    for (const { cell, id } of own) {
      const text = block.notebook.text.slice(cell.span.start, cell.span.end);
      cells.push(cellInFlow(text, id, block.uid, layout));
    }
  }
  const record: FlowRecord = { version: FLOW_VERSION, project, target: target.uid, blocks: recorded };
  const widgets = widgetsOf(blocks.map(({ notebook }) => notebook));
  return composeNotebook(
    target.notebook,
    cells,
    { flow: record },
    {
      minor: Math.max(MINOR_WITH_IDS, target.notebook.minor),
      ...(widgets === undefined ? {} : { widgets }),
    },
  );
}

/** @param ids of the block's cells in the flow */
export function recordOf(
  { uid, name, parents, filter, notebook }: FlowBlock,
  ids: readonly string[],
  digest: Digest,
): RecordedBlock {
  const cells = notebook.cells.map((cell, at) => ({
    id: ids[at]!,
    own: cell.hasOwnId ? cell.id : '',
    ...digestsOf(notebook.text.slice(cell.span.start, cell.span.end), digest),
    shown: '',
  }));
  return { uid, name, parents, filter, cells };
}

export function digestsOf(
  cell: string,
  digest: Digest,
): { readonly content: string; readonly outputs: string } {
  const { content, outputs } = meaningOf(cell);
  return { content: digest(content).slice(0, DIGITS), outputs: digest(outputs).slice(0, DIGITS) };
}

/** Ids of cells in a flow: the block's own where no other block has the same. */
export class FlowIds {
  private readonly taken = new Set<string>();

  take(own: string | undefined, block: string): string {
    const stem = `${block.slice(0, 8).replace(/[^A-Za-z0-9_-]/g, '')}-`;
    let id = own ?? `${stem}1`;
    for (let number = 2; this.taken.has(id); number += 1) id = `${stem}${String(number)}`;
    this.taken.add(id);
    return id;
  }

  reserve(ids: Iterable<string>): void {
    for (const id of ids) this.taken.add(id);
  }
}

export const headerId = (uid: string): string => `block-${uid.replace(/[^A-Za-z0-9_-]/g, '').slice(0, 32)}`;

/** @param rest lines below the attributes. @param id of the cell */
export function headerCell(
  { uid, name, parents, filter }: Pick<FlowBlock, 'uid' | 'name' | 'parents' | 'filter'>,
  { style, indent }: CellLayout,
  rest: readonly string[] = [],
  id = headerId(uid),
): string {
  const cell = {
    cell_type: 'markdown',
    id,
    metadata: { dagpy: { header: uid } },
    source: splitLines(formatHeader({ name, parents, filter, rest })),
  };
  return formatJson(cell, style, indent);
}

/** State of all widgets that the blocks show, as one notebook keeps it. */
function widgetsOf(notebooks: readonly Notebook[]): JsonObject | undefined {
  const states = notebooks.map(readWidgets).filter(state => state !== undefined);
  if (states.length === 0) return undefined;
  const models = states.map(({ state }) => (typeof state === 'object' && state !== null ? state : {}));
  return { ...states[0], state: Object.assign({}, ...models) as JsonObject };
}
