/** What the panel says about blocks and edges, beyond what every view says. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { bytes } from '../../protocol/amounts.js';
import type { CrossingVariable } from '../../protocol/reports.js';
import type { BlockView } from '../../protocol/resident/view.js';
import { blockLabel, duration, listing, reasonText } from '../words.js';
import type { LinkVerdict, PanelEdge, PanelGraph } from './graph.js';

/** The line under a name: `9.2 s · 152 MB` where all is well, else the reason. */
export function remarkText(block: BlockView, trans: TranslationBundle): string {
  if (block.state !== 'fresh' || block.isLocal) return reasonText(block, trans);
  const figures = figuresText(block, trans);
  return figures === '' ? reasonText(block, trans) : figures;
}

export const figuresText = (
  { seconds, bytes: size }: Pick<BlockView, 'seconds' | 'bytes'>,
  trans: TranslationBundle,
): string =>
  [seconds === null ? '' : duration(seconds, trans), size === null ? '' : bytes(size)]
    .filter(part => part !== '')
    .join(' · ');

const MOST_PARENTS = 4;

/** `time, stale: cell 2 changed; reads df of clean; read by model`. */
export function nodeLabel(block: BlockView, graph: PanelGraph, trans: TranslationBundle): string {
  const parts = [blockLabel(block, trans)];
  const node = graph.nodeOf.get(block.id);
  if (node === undefined) return parts.join('');
  const incoming = graph.incoming[node]!;
  const read = incoming.slice(0, MOST_PARENTS).map(place => {
    const edge = graph.edges[place]!;
    const names = namesOf(edge, trans);
    const parent = graph.ids[edge.from]!;
    if (edge.kind === 'order') return trans.__('comes after %1', parent);
    return names === '' ? trans.__('reads %1', parent) : trans.__('reads %1 of %2', names, parent);
  });
  parts.push(...read);
  if (incoming.length > MOST_PARENTS)
    parts.push(trans.__('and reads %1 more', incoming.length - MOST_PARENTS));
  const readers = graph.outgoing[node]!.map(place => graph.edges[place]!)
    .filter(({ kind }) => kind === 'values')
    .map(({ to }) => graph.ids[to]!);
  if (readers.length > 0) parts.push(trans.__('read by %1', listing(readers, trans)));
  return parts.join('; ');
}

const nameOf = ({ name, as }: CrossingVariable, trans: TranslationBundle): string =>
  name === as ? name : trans.__('%1 as %2', name, as);

const namesOf = ({ session, variables }: PanelEdge, trans: TranslationBundle): string =>
  session
    ? trans.__('the whole session')
    : listing(
        variables.map(variable => nameOf(variable, trans)),
        trans,
      );

/** Beside an edge: `df, stats +2`. */
export function edgeText({ kind, session, variables }: PanelEdge, trans: TranslationBundle): string {
  if (kind === 'order') return '';
  if (session) return trans.__('whole session');
  const names = variables
    .slice(0, 2)
    .map(variable => nameOf(variable, trans))
    .join(', ');
  return variables.length > 2 ? `${names} +${String(variables.length - 2)}` : names;
}

export interface EdgeStory {
  readonly title: string;
  /** What it is, where that is not a list of variables. */
  readonly remark: string;
  readonly variables: readonly { readonly name: string; readonly type: string; readonly size: string }[];
  readonly more: number;
}

const MOST_VARIABLES = 12;

/** What crosses an edge, with type and size as far as they are known. */
export function edgeStory(edge: PanelEdge, graph: PanelGraph, trans: TranslationBundle): EdgeStory {
  const { kind, session, variables } = edge;
  return {
    title: `${graph.ids[edge.from]!} → ${graph.ids[edge.to]!}`,
    remark:
      kind === 'order'
        ? trans.__('order only: no value crosses')
        : session
          ? trans.__('the whole session crosses: the filter is off')
          : variables.length === 0
            ? trans.__('nothing that is known crosses')
            : '',
    variables: variables.slice(0, MOST_VARIABLES).map(variable => ({
      name: nameOf(variable, trans),
      type: variable.type ?? trans.__('not known before a run'),
      size: variable.bytes === null ? '' : bytes(variable.bytes),
    })),
    more: Math.max(0, variables.length - MOST_VARIABLES),
  };
}

/** Why a link can not be made, or what it would be. */
export function verdictText(
  verdict: LinkVerdict,
  parent: string,
  child: string,
  trans: TranslationBundle,
): string {
  switch (verdict.kind) {
    case 'possible':
      return trans.__('%1 will read what %2 hands on', child, parent);
    case 'self':
      return trans.__('Drop it on the block that is to read %1', parent);
    case 'linked':
      return trans.__('%1 reads %2 already', child, parent);
    case 'cycle':
      return trans.__('Would close a cycle: %1', wayText(verdict.way));
  }
}

const LONGEST_WAY = 7;

/** A long way keeps its beginning and its end. */
function wayText(way: readonly string[]): string {
  if (way.length <= LONGEST_WAY) return way.join(' → ');
  return [...way.slice(0, 3), '…', ...way.slice(-3)].join(' → ');
}
