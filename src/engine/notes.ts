/** What people should know about blocks although nothing is wrong with them. */
import type { BlockId } from '../protocol/ids.js';
import { contestedAmbient, inheritedAmbient, NO_AMBIENT, outgoingAmbient, type Ambient } from './ambient.js';
import type { Context } from './context.js';
import type { Project } from './project.js';
import { valueParents } from './replay.js';
import type { Judgement } from './staleness.js';

export interface Note {
  readonly block: BlockId;
  readonly message: string;
}

/** Parents that leave different states of a generator or of options: whose state counts. */
export function ambientNotes(
  { project }: Context,
  judgements: readonly (Judgement | undefined)[],
): readonly Note[] {
  const { graph } = project;
  const outgoing = new Array<Ambient>(graph.size).fill(NO_AMBIENT);
  const notes: Note[] = [];
  for (const block of graph.order) {
    const sources = valueParents(project, block);
    for (const { adapter, winner, others } of contestedAmbient(graph, sources, parent => outgoing[parent]!)) {
      const losers = others.map(other => graph.ids[other]!).join(', ');
      notes.push({
        block: graph.ids[block]!,
        message: `starts from the state of ${adapter} that ${graph.ids[winner]!} leaves, the later one in notebook order; ${losers} leaves another`,
      });
    }
    const inherited = inheritedAmbient(graph, sources, parent => outgoing[parent]!);
    const trace = judgements[block]?.trace ?? null;
    outgoing[block] = trace === null ? inherited : outgoingAmbient(inherited, trace);
  }
  return notes;
}

/** `_`, `Out` and `In` know the cells of this block only: a first cell that reads them means another block's. */
export function historyNotes({ snapshot }: Project): readonly Note[] {
  return snapshot.blocks.flatMap(({ declaration, cells }) => {
    const [first] = cells.filter(facts => !facts.empty);
    if (first === undefined || first.history.length === 0) return [];
    const names = first.history.join(', ');
    return [
      {
        block: declaration.id,
        message: `reads ${names} in its first cell, and no cell of this block ran before it: give the value a name instead`,
      },
    ];
  });
}
