/** Calls of editors about flows: several blocks as one notebook, back into the blocks, and a notebook cut into blocks. */
import { relative } from 'node:path';
import { readBlockFiles } from '../../adapters/blockFiles.js';
import { loadDagFile } from '../../adapters/dagFile/index.js';
import {
  mergeNotebook,
  planFlow,
  type FlowPlan,
  type OpenFlow,
  type SubmitOutcome,
} from '../../adapters/flows/index.js';
import { parseNotebook, readNotebook, type Notebook } from '../../adapters/notebooks/index.js';
import { orThrow, ProblemError, type Result } from '../../protocol/problem.js';
import type { CallHandlers, MergeAnswer, NotebookContent } from '../../protocol/resident/calls.js';
import { openGround } from '../ground.js';
import { composeWithNeeds } from './composed.js';
import {
  asTrusted,
  contentOf,
  hasOtherOutputs,
  homeOf,
  isShownTrusted,
  isTrustedByUser,
  textOf,
  withPorts,
} from './flowPorts.js';
import type { ServeHost } from './host.js';
import { splitBlockCall } from './splitBlockCall.js';
import { splitCall } from './splitCall.js';

const ATTEMPTS = 5;

export function flowCalls(
  host: ServeHost,
): Pick<CallHandlers, 'split' | 'splitBlock' | 'composeFlow' | 'mergeFlow' | 'mergeNotebook'> {
  return {
    split: parameters => splitCall(host, parameters),
    splitBlock: parameters => splitBlockCall(host, parameters),

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
      const text = composeWithNeeds(dag, files, blocks, hasher.digest);
      return { content: (await isTrustedByUser(host, files)) ? asTrusted(contentOf(text)) : contentOf(text) };
    },

    mergeFlow: ({ project, path, content, isUnsaved = false, saved }) =>
      withPorts(host, project, async (folder, ports) => {
        const file = host.resolve(path);
        const shown = relative(folder, file).replaceAll('\\', '/');
        const notebook = orThrow(parseNotebook(textOf(content), shown));
        const open = {
          home: homeOf(shown),
          isUnsaved,
          isShownTrusted: isShownTrusted(content),
          ...(saved === undefined ? {} : { saved: saved.flatMap(content => cellsOf(content, shown)) }),
        };
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
        isTrusted:
          !hasOtherOutputs(content, merged.content) || (await isTrustedByUser(host, [{ notebook: disk }])),
        conflicts: merged.conflicts.map(cell => ({ block, cell, about: 'cell' as const })),
      };
    },
  };
}

/** Cells as texts. @param shown how messages name the notebook */
function cellsOf(content: NotebookContent, shown: string): NonNullable<OpenFlow['saved']> {
  const { text, cells } = orThrow(parseNotebook(textOf(content), shown));
  return cells.map(({ id, span }) => ({ id, text: text.slice(span.start, span.end) }));
}

/** What only changes cells is no step that undo in the graph takes back: editors have their own. */
async function write(host: ServeHost, project: string, plan: FlowPlan): Promise<Result<void>> {
  if (plan.dagEdits.length > 0)
    return host.edit(project, plan.dagEdits.join(', '), writing => plan.write(writing));
  const written = await plan.write();
  if (written.ok && plan.writesBlocks) await host.look(project);
  return written;
}

function answerOf({ outcome, text, isTrusted }: FlowPlan): MergeAnswer {
  const content = contentOf(text);
  const { changed, added, renamed, left } = outcome.kind === 'conflict' ? NOTHING : outcome;
  return { content, isTrusted, conflicts: conflictsOf(outcome), changed, added, renamed, left };
}

const NOTHING = { changed: [], added: [], renamed: [], left: [] };

const conflictsOf = (outcome: SubmitOutcome): MergeAnswer['conflicts'] =>
  outcome.kind === 'conflict'
    ? outcome.conflicts.map(({ name, place, about }) => ({ block: name, cell: place, about }))
    : [];
