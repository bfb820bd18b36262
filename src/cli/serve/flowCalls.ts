/** Calls of editors about flows: several blocks as one notebook, back into the blocks, and a notebook cut into blocks. */
import { relative } from 'node:path';
import { readBlockFiles } from '../../adapters/blockFiles.js';
import { loadDagFile } from '../../adapters/dagFile/index.js';
import {
  composeFlow,
  mergeNotebook,
  planFlow,
  wordsOf,
  type FlowPlan,
  type SubmitOutcome,
} from '../../adapters/flows/index.js';
import { parseNotebook, readNotebook, type Notebook } from '../../adapters/notebooks/index.js';
import { ancestorsOf, buildGraph, unknownBlock } from '../../engine/index.js';
import { blockId } from '../../protocol/ids.js';
import { orThrow, ProblemError, type Result } from '../../protocol/problem.js';
import type { CallHandlers, MergeAnswer, NotebookContent } from '../../protocol/resident/calls.js';
import { openGround } from '../ground.js';
import { contentOf, homeOf, isShownTrusted, textOf, withPorts } from './flowPorts.js';
import type { ServeHost } from './host.js';
import { splitCall } from './splitCall.js';

const ATTEMPTS = 5;

export function flowCalls(
  host: ServeHost,
): Pick<CallHandlers, 'split' | 'composeFlow' | 'mergeFlow' | 'mergeNotebook'> {
  return {
    split: parameters => splitCall(host, parameters),

    async composeFlow({ project, blocks }) {
      const folder = host.folder(project);
      const { dag } = orThrow(loadDagFile(folder));
      const { hasher, store } = await openGround(host.around, folder);
      const files = orThrow(
        readBlockFiles(folder, dag, {
          digest: hasher.digest,
          ranAs: uid => store.memory.read(uid).last?.block,
        }),
      );
      const graph = orThrow(buildGraph(dag));
      const targets = blocks.map(id => {
        const target = graph.indexOf.get(blockId(id));
        if (target === undefined) throw new ProblemError([unknownBlock(id, graph.ids)]);
        return target;
      });
      const marks = ancestorsOf(graph, targets);
      const prelude = dag.prelude === undefined ? undefined : graph.indexOf.get(dag.prelude);
      const others = [...graph.order].filter(block => marks[block] === 1 && block !== prelude);
      const order = prelude === undefined ? others : [prelude, ...others];
      const text = composeFlow(
        dag.name,
        order.map(index => files[index]!).map(block => ({ ...block, ...wordsOf(block) })),
        hasher.digest,
      );
      return { content: contentOf(text) };
    },

    mergeFlow: ({ project, path, content, isUnsaved = false }) =>
      withPorts(host, project, async (folder, ports) => {
        const file = host.resolve(path);
        const shown = relative(folder, file).replaceAll('\\', '/');
        const notebook = orThrow(parseNotebook(textOf(content), shown));
        const open = { home: homeOf(shown), isUnsaved, isShownTrusted: isShownTrusted(content) };
        for (let attempt = 1; ; attempt += 1) {
          const plan = orThrow(await planFlow(folder, notebook, ports, open));
          const written = await write(host, project, plan);
          if (written.ok) return answerOf(plan);
          // Somebody saved one of the files meanwhile: their edit takes part in the merge now.
          if (written.problems[0]?.code !== 'file-changed' || attempt === ATTEMPTS)
            throw new ProblemError(written.problems);
        }
      }),

    async mergeNotebook({ project, path, base, content }) {
      const folder = host.folder(project);
      const file = host.resolve(path);
      const shown = relative(folder, file).replaceAll('\\', '/');
      const { hasher } = await openGround(host.around, folder);
      const parsed = (value: NotebookContent): Notebook => orThrow(parseNotebook(textOf(value), shown));
      const disk = orThrow(readNotebook(file, shown));
      const merged = mergeNotebook({ base: parsed(base), mine: parsed(content), disk }, hasher.digest);
      const { dag } = orThrow(loadDagFile(folder));
      const block = dag.blocks.find(({ notebook }) => notebook === shown)?.id ?? shown;
      return {
        content: merged.content,
        base: merged.base,
        conflicts: merged.conflicts.map(cell => ({ block, cell, about: 'cell' as const })),
      };
    },
  };
}

/** What only changes cells is no step that undo in the graph takes back: editors have their own. */
async function write(host: ServeHost, project: string, plan: FlowPlan): Promise<Result<void>> {
  if (plan.dagEdits.length > 0)
    return host.edit(project, plan.dagEdits.join(', '), writing => plan.write(writing));
  const written = await plan.write();
  if (written.ok && plan.writesBlocks) await host.look(project);
  return written;
}

function answerOf({ outcome, text }: FlowPlan): MergeAnswer {
  const content = contentOf(text);
  const { changed, added, renamed, left } = outcome.kind === 'conflict' ? NOTHING : outcome;
  return { content, conflicts: conflictsOf(outcome), changed, added, renamed, left };
}

const NOTHING = { changed: [], added: [], renamed: [], left: [] };

const conflictsOf = (outcome: SubmitOutcome): MergeAnswer['conflicts'] =>
  outcome.kind === 'conflict'
    ? outcome.conflicts.map(({ name, place, about }) => ({ block: name, cell: place, about }))
    : [];
