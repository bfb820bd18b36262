/** The call `split`: a notebook as an editor has it, or as it is on disk, cut into the blocks of a project. */
import { basename, extname, relative } from 'node:path';
import { readBlockFiles } from '../../adapters/blockFiles.js';
import { findProject } from '../../adapters/dagFile/find.js';
import { loadDagFile } from '../../adapters/dagFile/index.js';
import { composeFlow, filterWords, planFlow, wordsOf } from '../../adapters/flows/index.js';
import { parseNotebook, type Notebook } from '../../adapters/notebooks/index.js';
import { factsOf } from '../../daemon/cellFacts.js';
import type { ProposedBlock, SplitProposal } from '../../engine/split.js';
import { formatHeader } from '../../protocol/flow/headers.js';
import { blockId, type BlockId } from '../../protocol/ids.js';
import { orThrow, ProblemError, type Problem } from '../../protocol/problem.js';
import type { NotebookContent, SplitAnswer, SplitParameters } from '../../protocol/resident/calls.js';
import { kernelOf, writeNewProject } from '../commands/newProject.js';
import { readAnyFormat } from '../givenNotebook.js';
import { openKernel, type OpenKernel } from '../openKernel.js';
import { blockTexts, defaultCut, newBlocks, proposalFor } from '../splitNotebook.js';
import { contentOf, homeOf, isShownTrusted, textOf, withoutTrust, withPorts } from './flowPorts.js';
import type { ServeHost } from './host.js';

export async function splitCall(
  host: ServeHost,
  { folder, path, content, by, apply = false }: SplitParameters,
): Promise<SplitAnswer> {
  const { around } = host;
  const file = host.resolve(path);
  const wanted = host.resolve(folder);
  const found = findProject(wanted);
  // A project above the root is nobody's business here.
  const existing = found.ok && isWithin(host.root, found.value) ? found.value : null;
  const project = existing ?? wanted;
  const shown = relative(project, file).replaceAll('\\', '/');
  const notebook =
    content === undefined
      ? orThrow(readAnyFormat(() => around.python(), file, shown))
      : orThrow(parseNotebook(textOf(withoutTrust(content)), shown));
  refuseBlocks(notebook, existing, shown);
  const notes: Problem[] = [];
  const note = (message: string): void =>
    void notes.push({ code: 'kernel', message, file: shown, remedy: 'change "kernel" in dag.json' });
  const kernel =
    existing === null
      ? kernelOf({ around, note }, [notebook], 'split')
      : orThrow(loadDagFile(existing)).dag.kernel;
  const opened = await openKernel(around, kernel);
  try {
    const name = basename(file, extname(file));
    const how = by ?? defaultCut(notebook);
    const proposal = await proposalFor(notebook, { by: how, name, shown }, sources =>
      factsOf(opened, opened.environment, sources),
    );
    const unique = existing === null ? proposal : withFreeNames(proposal, existing);
    const next = !apply
      ? undefined
      : existing === null
        ? await newProject(host, project, file, { name, kernel, notebook, proposal, opened })
        : await addTo(host, existing, notebook, unique, content);
    return {
      project: relative(host.root, project).replaceAll('\\', '/'),
      by: how,
      blocks: unique.blocks.map(block => ({
        id: block.id,
        cells: block.cellIndexes.map(index => index + 1),
        parents: block.parents.map(parent => parent.block),
        filter: block.filter,
        isPrelude: block.id === unique.prelude,
      })),
      warnings: [
        ...notes,
        ...unique.warnings.map((warning): Problem => ({ ...warning, file: shown })),
        ...(existing === null ? [] : unfaithful(unique, shown)),
      ],
      ...(next === undefined ? {} : { content: next }),
    };
  } finally {
    await opened.close();
  }
}

const isWithin = (root: string, folder: string): boolean => {
  const way = relative(root, folder);
  return way === '' || (!way.startsWith('..') && !way.startsWith('/'));
};

/** What consists of blocks already is not cut once more. */
function refuseBlocks(notebook: Notebook, project: string | null, shown: string): void {
  const { dagpy } = notebook.metadata;
  const isFlow = typeof dagpy === 'object' && dagpy !== null && 'flow' in dagpy;
  const isBlock =
    project !== null && orThrow(loadDagFile(project)).dag.blocks.some(block => block.notebook === shown);
  if (!isFlow && !isBlock) return;
  throw new ProblemError([
    {
      code: 'split-blocks',
      message: isFlow ? 'this notebook consists of blocks already' : 'this notebook is a block already',
      file: shown,
      remedy: isFlow
        ? 'add further blocks from its cells, one by one'
        : 'open it as a flow, and add a block from the cells that should be one of their own',
    },
  ]);
}

interface Parts {
  readonly name: string;
  readonly kernel: string;
  readonly notebook: Notebook;
  readonly proposal: SplitProposal;
  readonly opened: OpenKernel;
}

async function newProject(
  host: ServeHost,
  project: string,
  file: string,
  { name, kernel, notebook, proposal, opened }: Parts,
): Promise<NotebookContent> {
  const { hasher } = opened;
  const prelude = proposal.prelude === undefined ? {} : { prelude: proposal.prelude };
  const texts = blockTexts(notebook, proposal, text => hasher.digest(text));
  const blocks = newBlocks(project, file, name, proposal);
  writeNewProject(project, { name, kernel, ...prelude, blocks }, texts);
  await host.look(relative(host.root, project).replaceAll('\\', '/'));
  const { dag } = orThrow(loadDagFile(project));
  const files = orThrow(readBlockFiles(project, dag, { digest: hasher.digest, ranAs: () => undefined }));
  return contentOf(
    composeFlow(
      dag.name,
      files.map(block => ({ ...block, ...wordsOf(block) })),
      hasher.digest,
    ),
  );
}

/** As if a person had typed the headers. */
async function addTo(
  host: ServeHost,
  folder: string,
  notebook: Notebook,
  proposal: SplitProposal,
  content: NotebookContent | undefined,
): Promise<NotebookContent> {
  const original = content ?? contentOf(notebook.text);
  const { cells } = original;
  if (!Array.isArray(cells)) throw new Error('the notebook has no cells');
  const headed = proposal.blocks.flatMap(block => [
    headerOf(block),
    ...block.cellIndexes.map(index => cells[index] ?? null),
  ]);
  const flow = { ...original, cells: headed, nbformat_minor: Math.max(5, notebook.minor) };
  const project = relative(host.root, folder).replaceAll('\\', '/');
  return withPorts(host, project, async (_, ports) => {
    const plan = orThrow(
      await planFlow(folder, orThrow(parseNotebook(textOf(flow), notebook.file)), ports, {
        home: homeOf(notebook.file),
        isUnsaved: false,
        isShownTrusted: isShownTrusted(original),
      }),
    );
    orThrow(await host.edit(project, `split ${notebook.file}`, writing => plan.write(writing)));
    return contentOf(plan.text);
  });
}

const headerOf = ({ id, parents, filter }: ProposedBlock): NotebookContent => ({
  cell_type: 'markdown',
  id: `block-${id}`.replace(/[^A-Za-z0-9_-]/g, '-').slice(0, 64),
  metadata: {},
  source: formatHeader({
    name: id,
    parents: [...new Set(parents.map(({ block }) => block as string))],
    filter: filterWords(filter),
    rest: [],
  }),
});

/** Other names where the project has some of them already; it keeps the prelude that it has. */
function withFreeNames(
  { blocks, prelude, warnings, refusals }: SplitProposal,
  project: string,
): SplitProposal {
  const taken = new Set<string>(orThrow(loadDagFile(project)).dag.blocks.map(({ id }) => id));
  const names = new Map<string, BlockId>();
  for (const { id } of blocks) {
    let name: string = id;
    for (let number = 2; taken.has(name); number += 1) name = `${id}_${String(number)}`;
    taken.add(name);
    names.set(id, blockId(name));
  }
  const nameOf = (id: BlockId): BlockId => names.get(id) ?? id;
  return {
    warnings,
    refusals,
    blocks: blocks.map((block): ProposedBlock => {
      const parents = block.parents.map(parent => ({ ...parent, block: nameOf(parent.block) }));
      const isSetUp = block.id === prelude;
      // What would have run in every session is handed on instead.
      const setUp = prelude === undefined || isSetUp ? [] : [{ block: nameOf(prelude) }];
      return {
        ...block,
        id: nameOf(block.id),
        parents: [...setUp, ...parents],
        filter: isSetUp ? { kind: 'auto' } : block.filter,
      };
    }),
  };
}

/** What headers can not say. */
function unfaithful({ blocks }: SplitProposal, shown: string): readonly Problem[] {
  return blocks.flatMap(({ id, parents, cellIndexes }) =>
    parents.flatMap(({ block, use }): readonly Problem[] =>
      use === undefined
        ? []
        : [
            {
              code: 'split-use',
              message: `${id} takes some variables of ${block} under other conditions than a header can say`,
              file: shown,
              cell: (cellIndexes[0] ?? 0) + 1,
              remedy: `say in dag.json which of them: "use" of the parent ${block}`,
            },
          ],
    ),
  );
}
