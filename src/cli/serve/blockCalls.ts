/** Blocks that are added and renamed, and what a new one would be. */
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { factsOf } from '../../daemon/cellFacts.js';
import { traceOf } from '../../daemon/judged.js';
import { suggestBlock, type SuggestedBlock } from '../../engine/suggestBlock.js';
import type { ParentEdge } from '../../protocol/dagFile.js';
import { blockId } from '../../protocol/ids.js';
import type { CallHandlers, Suggestion } from '../../protocol/resident/calls.js';
import type { ParentView } from '../../protocol/resident/view.js';
import { addBlock, type NewBlockFile, notebookOf, placeOf } from '../editing/newBlock.js';
import { renameBlock } from '../editing/rename.js';
import { judgedAs } from '../judged.js';
import { requireBlocks } from '../knownBlocks.js';
import type { OpenProject } from '../openProject.js';
import type { DaemonHost } from './serveHost.js';

export function blockCalls(host: DaemonHost): Pick<CallHandlers, 'addBlock' | 'renameBlock' | 'suggest'> {
  return {
    async addBlock({ project, id, sources, parents, filter, after }) {
      const folder = host.folder(project);
      const edges = parents === null ? await inferred(host, project, sources, after) : parents.map(edgeOf);
      const notebook = await host.edit(project, `add ${id}`, writing => {
        const block: NewBlockFile = {
          id,
          parents: edges,
          filter,
          ...(after === undefined ? {} : { after }),
          text: (uid, dag) => notebookOf(uid, dag, sources),
        };
        return addBlock(folder, block, writing);
      });
      return { block: id, notebook };
    },
    renameBlock: ({ project, block, to }) =>
      host.edit(project, `rename ${block} to ${to}`, async writing => {
        await renameBlock(host.around, host.folder(project), block, to, writing);
        return {};
      }),
    suggest: ({ project, sources, after }) =>
      host.withProject(project, async open => suggestionIn(open, sources, after)),
  };
}

const edgeOf = ({ block, use }: ParentView): ParentEdge => ({
  block: blockId(block),
  ...(use === null ? {} : { use: new Map(Object.entries(use)) }),
});

function inferred(
  host: DaemonHost,
  project: string,
  sources: readonly string[],
  after: string | undefined,
): Promise<readonly ParentEdge[]> {
  return host.withProject(project, async open =>
    (await lookAround(open, sources, after)).suggested.parents.map(({ edge }) => edge),
  );
}

async function lookAround(open: OpenProject, sources: readonly string[], after: string | undefined) {
  const { dag } = open.dag;
  requireBlocks(dag, after === undefined ? [] : [after]);
  const loaded = await open.load();
  const facts = await factsOf(open.ports, open.environment, sources);
  const { blocks } = loaded.snapshot;
  const last = after === undefined ? -1 : blocks.findIndex(({ declaration }) => declaration.id === after);
  const above = blocks
    .slice(0, last < 0 ? undefined : last + 1)
    .filter(({ declaration }) => declaration.id !== dag.prelude);
  const prelude = blocks.find(({ declaration }) => declaration.id === dag.prelude);
  const suggested: SuggestedBlock = suggestBlock({
    above: above.map(({ declaration, cells }) => ({ id: declaration.id, cells })),
    prelude: prelude?.cells ?? null,
    cells: sources.map(source => ({ source, facts: facts(source) })),
    parameters: new Set(dag.parameters.keys()),
    isTaken: name =>
      blocks.some(({ declaration }) => declaration.id === name) ||
      existsSync(join(open.folder, posix.join(placeOf(dag, []).folder, `${name}.ipynb`))),
  });
  return { loaded, suggested };
}

async function suggestionIn(
  open: OpenProject,
  sources: readonly string[],
  after: string | undefined,
): Promise<Suggestion> {
  const { loaded, suggested } = await lookAround(open, sources, after);
  const all = await judgedAs(open, open.context(loaded));
  const { context } = all;
  const known = new Map(
    context.project.graph.ids.map((id, index) => [
      id,
      new Map(
        (traceOf(all, index)?.exports ?? []).flatMap(({ variables }) =>
          variables.map(each => [each.name, each]),
        ),
      ),
    ]),
  );
  return {
    name: suggested.name,
    parents: suggested.parents.map(({ edge, names }) => ({
      block: edge.block,
      variables: names.map(name => {
        const variable = known.get(edge.block)?.get(name);
        return { name, as: name, type: variable?.type ?? null, bytes: variable?.bytes ?? null };
      }),
    })),
    makes: suggested.makes.map(name => ({ name, type: typeOf(name) })),
    missing: suggested.missing,
  };

  /** A name that other blocks hand on is most likely of the same type here. */
  function typeOf(name: string): string | null {
    for (const variables of known.values()) {
      const type = variables.get(name)?.type;
      if (type !== undefined) return type;
    }
    return null;
  }
}
