/** A project of notebooks in memory, and a flow of it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { composeFlow, readFlow, wordsOf } from '../../../src/adapters/flows/index.js';
import type { Flow } from '../../../src/adapters/flows/readFlow.js';
import type { Disagreement, ProjectBlock, Submission } from '../../../src/adapters/flows/state.js';
import { planSubmission } from '../../../src/adapters/flows/submit.js';
import { parseNotebook, type Notebook } from '../../../src/adapters/notebooks/index.js';
import type { BlockDeclaration } from '../../../src/protocol/dagFile.js';
import { decodeDagFile } from '../../../src/protocol/dagFileCodec/index.js';

export const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

export function notebookOf(text: string, file = 'a.ipynb'): Notebook {
  const read = parseNotebook(text, file);
  assert.ok(read.ok, read.ok ? '' : JSON.stringify(read.problems));
  return read.value;
}

export interface Block {
  readonly uid: string;
  readonly id: string;
  readonly text: string;
  readonly parents?: readonly string[];
  readonly filter?: readonly string[] | 'auto' | 'off';
}

const declared = new Map<string, readonly BlockDeclaration[]>();

function declarationsOf(blocks: readonly Block[]): readonly BlockDeclaration[] {
  const raw = blocks.map(({ id, parents = [], filter = 'auto' }) => [
    id,
    { notebook: `${id}.ipynb`, parents, filter },
  ]);
  const text = JSON.stringify({ version: 1, name: 'trial', blocks: Object.fromEntries(raw) as unknown });
  const known = declared.get(text);
  if (known !== undefined) return known;
  const decoded = decodeDagFile(text, { file: 'dag.json' });
  assert.ok(decoded.ok, decoded.ok ? '' : JSON.stringify(decoded.problems));
  declared.set(text, decoded.value.dag.blocks);
  return decoded.value.dag.blocks;
}

export function projectBlocks(blocks: readonly Block[]): readonly ProjectBlock[] {
  const declarations = declarationsOf(blocks);
  return blocks.map(({ uid, text }, at) => {
    const declaration = declarations[at]!;
    return { uid, declaration, notebook: notebookOf(text, declaration.notebook) };
  });
}

export const compose = (blocks: readonly Block[]): string =>
  composeFlow(
    'trial',
    projectBlocks(blocks).map(block => ({ ...block, ...wordsOf(block) })),
    digest,
  );

export function read(text: string): Flow {
  const flow = readFlow(notebookOf(text, 'a.flow.ipynb'), digest);
  assert.ok(flow.ok, flow.ok ? '' : JSON.stringify(flow.problems));
  return flow.value;
}

export function plan(flowText: string, blocks: readonly Block[]): Submission | Disagreement {
  let made = 0;
  const planned = planSubmission(read(flowText), projectBlocks(blocks), {
    digest,
    newUid: () => `fresh${String((made += 1))}`,
  });
  assert.ok(planned.ok, planned.ok ? '' : JSON.stringify(planned.problems));
  return planned.value;
}

/** Blocks and flow after a submission without conflicts and without other headers than those of new blocks. */
export function submitted(
  submission: Submission,
  blocks: readonly Block[],
): { readonly blocks: readonly Block[]; readonly flow: string } {
  const texts = new Map(submission.changed.map(({ uid, text }) => [uid, text]));
  const names = new Map(submission.headers.map(({ uid, name }) => [uid, name]));
  const after: readonly Block[] = [
    ...blocks.map(block => ({
      ...block,
      id: names.get(block.uid) ?? block.id,
      text: texts.get(block.uid) ?? block.text,
    })),
    ...submission.added.map(({ uid, name, text, parents = [] }) => ({ uid, id: name, text, parents })),
  ];
  const words = new Map(projectBlocks(after).map(block => [block.uid, wordsOf(block)]));
  return { blocks: after, flow: submission.flowAfter(uid => words.get(uid)!) };
}
