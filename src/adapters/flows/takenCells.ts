/** New blocks of a flow that took cells of others: whoever reads what they make now is linked to them. */
import { takeCells } from '../../engine/restructure/takeCells.js';
import type { CellFacts } from '../../protocol/cellFacts.js';
import { decodeDagFile, editDagFile } from '../../protocol/dagFileCodec/index.js';
import type { FlowSection } from '../../protocol/flow/sections.js';
import { failure, success, type Result } from '../../protocol/problem.js';
import { DAG_FILE } from '../dagFile/find.js';
import type { Flow } from './readFlow.js';
import type { ProjectBlock } from './state.js';

interface Taking {
  /** Section of the new block. */
  readonly to: FlowSection;
  /** Section of the block that had the cells. */
  readonly from: FlowSection;
  readonly isAbove: boolean;
  readonly isPart: boolean;
}

export interface RewiredDag {
  /** Of dag.json. */
  readonly text: string;
  /** Blocks with other parents than before. */
  readonly rewired: readonly string[];
}

/**
 * @param text of dag.json, with the new blocks in it
 * @param nameOf what a block is called there, by its identity
 */
export async function withTakenCells(
  text: string,
  flow: Flow,
  blocks: readonly ProjectBlock[],
  nameOf: ReadonlyMap<string, string>,
  factsFor: (sources: readonly string[]) => Promise<(source: string) => CellFacts>,
): Promise<Result<RewiredDag>> {
  const takings = takingsIn(flow, new Set(blocks.map(({ uid }) => uid)));
  if (takings.length === 0) return success({ text, rewired: [] });
  const sources = sourcesOf(flow, blocks, nameOf);
  const facts = await factsFor([...sources.values()].flat());
  const factsOf = (id: string): readonly CellFacts[] => (sources.get(id) ?? []).map(facts);
  let next = text;
  const rewired: string[] = [];
  for (const { to, from, isAbove, isPart } of takings) {
    const decoded = decodeDagFile(next, { file: DAG_FILE });
    if (!decoded.ok) return failure(...decoded.problems);
    const { dag } = decoded.value;
    const declared = (name: string) => dag.blocks.find(({ id }) => id === name);
    const [taker, giver] = [declared(to.name), declared(nameOf.get(from.uid ?? '') ?? '')];
    if (taker === undefined || giver === undefined || dag.prelude === giver.id) continue;
    const edits = takeCells({
      dag,
      from: giver,
      to: taker,
      isAbove,
      isPart,
      stays: factsOf(giver.id),
      has: factsOf(taker.id),
      factsOf,
    });
    const edited = editDagFile(next, edits, { file: DAG_FILE });
    if (!edited.ok) return edited;
    next = edited.value;
    for (const edit of edits) {
      if (edit.kind === 'link') rewired.push(edit.child);
      if (edit.kind === 'set' && edit.key === 'parents') rewired.push(edit.block);
    }
  }
  return success({ text: next, rewired });
}

function takingsIn({ sections, record, cells }: Flow, known: ReadonlySet<string>): readonly Taking[] {
  const homes = new Map(
    record.blocks.flatMap(({ uid, cells: own }) => own.map(({ id }) => [id, uid] as const)),
  );
  const isCode = (id: string): boolean => {
    const cell = cells.get(id);
    return cell?.type === 'code' && cell.source.trim() !== '';
  };
  return sections.flatMap((to, at): readonly Taking[] => {
    if (to.uid !== null) return [];
    const code = to.cells.filter(isCode);
    const givers = new Set(code.flatMap(id => homes.get(id) ?? []));
    return [...givers].flatMap((uid): readonly Taking[] => {
      const place = sections.findIndex(section => section.uid === uid);
      if (place < 0 || !known.has(uid)) return [];
      const isPart = code.every(id => homes.get(id) === uid);
      return [{ to, from: sections[place]!, isAbove: at < place, isPart }];
    });
  });
}

/** Code of every block of the project as the flow has it, of others as their files have it. */
function sourcesOf(
  { sections, cells }: Flow,
  blocks: readonly ProjectBlock[],
  nameOf: ReadonlyMap<string, string>,
): ReadonlyMap<string, readonly string[]> {
  const onDisk = blocks.map(
    ({ uid, notebook }) =>
      [
        nameOf.get(uid) ?? '',
        notebook.cells.flatMap(({ type, source }) => (type === 'code' ? [source] : [])),
      ] as const,
  );
  const inFlow = sections.map(
    ({ uid, name, cells: own }) =>
      [
        nameOf.get(uid ?? '') ?? name,
        own.flatMap(id => {
          const cell = cells.get(id);
          return cell?.type === 'code' ? [cell.source] : [];
        }),
      ] as const,
  );
  return new Map([...onDisk, ...inFlow]);
}
