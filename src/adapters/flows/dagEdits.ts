/** What the headers of a submitted flow mean for dag.json. */
import type { DagEdit } from '../../protocol/dagFileCodec/index.js';
import { idProblem } from '../../protocol/dagFileCodec/index.js';
import type { ParentEdge } from '../../protocol/dagFile.js';
import { blockId, type BlockId } from '../../protocol/ids.js';
import { failure, success, type Problem, type Result } from '../../protocol/problem.js';
import { moveOf } from '../blockFiles.js';
import type { Flow } from './readFlow.js';
import type { ProjectBlock, Submission } from './state.js';
import { filterOf } from './words.js';

export interface FlowEdits {
  readonly edits: readonly DagEdit[];
  /** Names of blocks whose parents or filter change. */
  readonly rewired: readonly string[];
  /** Notebooks that get the name of their renamed block. */
  readonly moves: readonly { readonly from: string; readonly to: string }[];
  /** Notebooks of new blocks. */
  readonly created: readonly { readonly notebook: string; readonly text: string; readonly name: string }[];
}

/** Where a notebook goes that stands below no other block. */
export interface NewHome {
  /** Below the project, with `/`; empty: the project's own folder. */
  readonly folder: string;
  /** Where its code runs, below the project. */
  readonly cwd: string;
}

export interface Placing {
  /** Absent: beside the blocks of the flow. */
  readonly home?: NewHome;
  /** Files that other notebooks are kept from. */
  isTaken(file: string): boolean;
}

/** @param parentsOf of a new block whose header does not say */
export function editsOf(
  flow: Flow,
  submission: Submission,
  blocks: readonly ProjectBlock[],
  parentsOf: (name: string) => readonly string[],
  placing: Placing = { isTaken: () => false },
): Result<FlowEdits> {
  const byUid = new Map(blocks.map(block => [block.uid, block]));
  const renames = new Map(
    submission.headers.flatMap(({ uid, name }) => (name === undefined ? [] : [[uid, name] as const])),
  );
  const nameNow = new Map(blocks.map(({ uid, declaration }) => [uid, renames.get(uid) ?? declaration.id]));
  const names = namesIn(flow, submission, blocks, nameNow);
  const problems = wrongNames(
    flow,
    [...renames.values(), ...submission.added.map(({ name }) => name)],
    blocks.flatMap(({ uid, declaration }) => (renames.has(uid) ? [] : [declaration.id])),
  );
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
    const { folder, cwd } = homeOf(flow, added.after, blocks, placing.home);
    const notebook = freeFile(`${folder}${added.name}`, placing);
    const said = (added.parents ?? parentsOf(added.name)).map(parent => resolve(parent, added.name));
    const parents = [...new Set(said)].map((block): ParentEdge => ({ block }));
    const after = added.after === undefined ? undefined : names.get(added.after);
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
  const recorded = new Map(flow.record.blocks.map(({ uid, name }) => [name, uid]));
  const rewired: string[] = [];
  for (const { uid, parents, filter } of submission.headers) {
    const edited = edits.length;
    const child = blockId(nameNow.get(uid)!);
    const had = new Set(byUid.get(uid)!.declaration.parents.map(({ block }) => names.get(block) ?? block));
    if (parents !== undefined) {
      // What the header called a parent before is that block still, whatever it is called by now.
      const asBefore = (name: string): string | undefined =>
        parents.before.includes(name) ? nameNow.get(recorded.get(name) ?? '') : undefined;
      const before = parents.before.flatMap(name => asBefore(name) ?? names.get(name) ?? []);
      const after = parents.after.map(name => asBefore(name) ?? resolve(name, child));
      for (const parent of before)
        if (had.has(parent) && !after.includes(parent))
          edits.push({ kind: 'unlink', parent: blockId(parent), child });
      for (const parent of new Set(after))
        if (!had.has(parent) && !before.includes(parent))
          edits.push({ kind: 'link', parent: { block: blockId(parent) }, child });
    }
    if (filter !== undefined) edits.push({ kind: 'setFilter', block: child, filter: filterOf(filter) });
    if (edits.length > edited) rewired.push(child);
  }
  return problems.length > 0 ? failure(...problems) : success({ edits, rewired, moves, created });
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

function homeOf(
  flow: Flow,
  after: string | undefined,
  blocks: readonly ProjectBlock[],
  home: NewHome | undefined,
): { readonly folder: string; readonly cwd?: string } {
  const above = flow.sections.find(section => section.name === after)?.uid;
  const uids = [
    above,
    flow.record.target,
    ...(home === undefined ? [] : flow.sections.map(({ uid }) => uid)),
  ];
  const beside = uids.map(uid => blocks.find(block => block.uid === uid)).find(block => block !== undefined);
  if (beside === undefined && home !== undefined)
    return { folder: home.folder === '' ? '' : `${home.folder}/`, cwd: home.cwd };
  const { notebook, cwd } = (beside ?? blocks[0]!).declaration;
  return { folder: notebook.replace(/[^/]*$/, ''), ...(cwd === undefined ? {} : { cwd }) };
}

function freeFile(stem: string, { isTaken }: Placing): string {
  let file = `${stem}.ipynb`;
  for (let number = 2; isTaken(file); number += 1) file = `${stem}-${String(number)}.ipynb`;
  return file;
}

function wrongNames(flow: Flow, names: readonly string[], others: readonly string[]): Problem[] {
  return names.flatMap((name): readonly Problem[] => {
    const wrong = idProblem(name);
    const isTaken = others.includes(name);
    if (wrong === undefined && !isTaken) return [];
    const place = flow.sections.find(section => section.name === name)?.header?.place;
    return [
      {
        code: isTaken ? 'block-exists' : 'block-id',
        message: isTaken
          ? `the project has a block ${name} already`
          : `${JSON.stringify(name)} is no name for a block: an id ${wrong!}`,
        file: flow.notebook.file,
        ...(place === undefined ? {} : { cell: place }),
        remedy: `give another name in the header, for instance "## Block: ${isTaken ? `${name}_2` : 'clean_2'}"`,
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
