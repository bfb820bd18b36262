/** What the headers of a submitted flow mean for dag.json. */
import type { DagEdit } from '../../protocol/dagFileCodec/index.js';
import { idProblem } from '../../protocol/dagFileCodec/index.js';
import type { Filter, ParentEdge } from '../../protocol/dagFile.js';
import { blockId, type BlockId } from '../../protocol/ids.js';
import { failure, success, type Problem, type Result } from '../../protocol/problem.js';
import { moveOf } from '../blockFiles.js';
import type { BlockWords } from './submit.js';
import type { Flow } from './readFlow.js';
import type { ProjectBlock, Submission } from './submit.js';

export interface FlowEdits {
  readonly edits: readonly DagEdit[];
  /** Notebooks that get the name of their renamed block. */
  readonly moves: readonly { readonly from: string; readonly to: string }[];
  /** Notebooks of new blocks. */
  readonly created: readonly { readonly notebook: string; readonly text: string; readonly name: string }[];
}

/** @param parentsOf of a new block whose header does not say */
export function editsOf(
  flow: Flow,
  submission: Submission,
  blocks: readonly ProjectBlock[],
  parentsOf: (name: string) => readonly string[],
): Result<FlowEdits> {
  const byUid = new Map(blocks.map(block => [block.uid, block]));
  const renames = new Map(
    submission.headers.flatMap(({ uid, name }) => (name === undefined ? [] : [[uid, name] as const])),
  );
  const nameNow = new Map(blocks.map(({ uid, declaration }) => [uid, renames.get(uid) ?? declaration.id]));
  const names = namesIn(flow, submission, blocks, nameNow);
  const problems = wrongNames(flow, [...renames.values(), ...submission.added.map(({ name }) => name)]);
  const resolve = (said: string, by: string): BlockId => {
    const found = names.get(said);
    if (found === undefined) problems.push(unknownParent(flow, said, by));
    return blockId(found ?? said);
  };

  const edits: DagEdit[] = [];
  const moves: { from: string; to: string }[] = [];
  for (const [uid, to] of renames) {
    const { declaration } = byUid.get(uid)!;
    if (declaration.id === to) continue;
    edits.push({ kind: 'renameBlock', from: declaration.id, to });
    const move = moveOf(declaration, to);
    if (move === undefined) continue;
    moves.push(move);
    edits.push({ kind: 'setNotebook', block: blockId(to), notebook: move.to });
  }
  const created = submission.added.map(added => {
    const neighbour = neighbourOf(flow, added.after, blocks);
    const folder = neighbour.declaration.notebook.replace(/[^/]*$/, '');
    const notebook = `${folder}${added.name}.ipynb`;
    const parents = (added.parents ?? parentsOf(added.name)).map((parent): ParentEdge => ({
      block: resolve(parent, added.name),
    }));
    const after = added.after === undefined ? undefined : names.get(added.after);
    const { cwd } = neighbour.declaration;
    edits.push({
      kind: 'addBlock',
      block: {
        id: added.name,
        notebook,
        parents,
        ...(added.filter === undefined || added.filter.length === 0
          ? {}
          : { filter: filterOf(added.filter) }),
        ...(cwd === undefined ? {} : { cwd }),
      },
      ...(after === undefined ? {} : { after: blockId(after) }),
    });
    return { notebook, text: added.text, name: added.name };
  });
  for (const { uid, parents, filter } of submission.headers) {
    const child = blockId(nameNow.get(uid)!);
    const had = new Set(byUid.get(uid)!.declaration.parents.map(({ block }) => renamed(block)));
    function renamed(id: string): string {
      return names.get(id) ?? id;
    }
    for (const said of parents?.removed ?? []) {
      const parent = names.get(said);
      if (parent !== undefined && had.has(parent))
        edits.push({ kind: 'unlink', parent: blockId(parent), child });
    }
    for (const said of parents?.added ?? []) {
      const parent = resolve(said, child);
      if (!had.has(parent)) edits.push({ kind: 'link', parent: { block: parent }, child });
    }
    if (filter !== undefined) edits.push({ kind: 'setFilter', block: child, filter: filterOf(filter) });
  }
  return problems.length > 0 ? failure(...problems) : success({ edits, moves, created });
}

/** Every name that a header may call a block by, to what it is called afterwards: new names win over old ones. */
function namesIn(
  flow: Flow,
  { added }: Submission,
  blocks: readonly ProjectBlock[],
  nameNow: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { uid, declaration } of blocks) names.set(declaration.id, nameNow.get(uid)!);
  for (const { uid, name } of flow.record.blocks)
    if (nameNow.has(uid) && !names.has(name)) names.set(name, nameNow.get(uid)!);
  for (const name of nameNow.values()) names.set(name, name);
  for (const { name } of added) names.set(name, name);
  return names;
}

function neighbourOf(flow: Flow, after: string | undefined, blocks: readonly ProjectBlock[]): ProjectBlock {
  const uid = flow.sections.find(section => section.name === after)?.uid;
  const target = blocks.find(block => block.uid === flow.record.target);
  return blocks.find(block => block.uid === uid) ?? target ?? blocks[0]!;
}

export function filterOf(words: readonly string[]): Filter {
  const [only] = words;
  if (words.length === 1 && (only === 'auto' || only === 'off')) return { kind: only };
  return { kind: 'names', patterns: words };
}

/** A block in the words of a flow's header. */
export function wordsOf({ declaration }: Pick<ProjectBlock, 'declaration'>): BlockWords {
  const { id, parents, filter } = declaration;
  return {
    name: id,
    parents: [...new Set(parents.map(({ block }) => block as string))],
    filter: filter.kind === 'names' ? filter.patterns : [filter.kind],
  };
}

function wrongNames(flow: Flow, names: readonly string[]): Problem[] {
  return names.flatMap((name): readonly Problem[] => {
    const wrong = idProblem(name);
    if (wrong === undefined) return [];
    const place = flow.sections.find(section => section.name === name)?.header?.place;
    return [
      {
        code: 'block-id',
        message: `${JSON.stringify(name)} is no name for a block: an id ${wrong}`,
        file: flow.notebook.file,
        ...(place === undefined ? {} : { cell: place }),
        remedy: 'change the header, for instance to "## Block: clean_2"',
      },
    ];
  });
}

function unknownParent(flow: Flow, said: string, by: string): Problem {
  const place = flow.sections.find(section => section.name === by)?.header?.place;
  return {
    code: 'unknown-block',
    message: `the header of ${by} names ${JSON.stringify(said)} as a parent, and there is no such block`,
    file: flow.notebook.file,
    ...(place === undefined ? {} : { cell: place }),
    remedy: 'correct the line "- Parents: …"; "dagpy status" lists the blocks',
  };
}
