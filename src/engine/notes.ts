/** What people who look at a project should know about blocks although nothing is wrong with them. */
import { contestedAmbient, inheritedAmbient, NO_AMBIENT, outgoingAmbient, type Ambient } from './ambient.js';
import type { Context } from './context.js';
import type { Project } from './project.js';
import { valueParents } from './replay.js';
import type { Judgement } from './staleness.js';
import { unmade, unmadeMessage, type Note } from './runNotes.js';

/** Parents that leave different states of a generator or of options: whose state counts, where it can matter. */
export function ambientNotes(
  { project }: Context,
  judgements: readonly (Judgement | undefined)[],
): readonly Note[] {
  const { graph } = project;
  const outgoing = new Array<Ambient>(graph.size).fill(NO_AMBIENT);
  const users = ambientUsers(project, judgements);
  const notes: Note[] = [];
  for (const block of graph.order) {
    const sources = valueParents(project, block);
    for (const { adapter, winner, others } of contestedAmbient(graph, sources, parent => outgoing[parent]!)) {
      if (users[block]?.has(adapter) !== true) continue;
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

/** Of each block the states that it, or a block which may get them from it, was seen to use; absent: none. */
function ambientUsers(
  { graph, snapshot }: Project,
  judgements: readonly (Judgement | undefined)[],
): readonly (ReadonlySet<string> | undefined)[] {
  const users = new Array<Set<string> | undefined>(graph.size).fill(undefined);
  for (const block of [...graph.order].reverse()) {
    const trace = judgements[block]?.trace ?? snapshot.blocks[block]!.memory.last;
    const used = (trace?.discovered ?? []).filter(({ kind }) => kind === 'ambient').map(({ name }) => name);
    const below = users[block] ?? [];
    if (used.length > 0) users[block] = new Set([...below, ...used]);
    const all = users[block];
    if (all === undefined) continue;
    for (let slot = graph.parentStart[block]!; slot < graph.valueEnd[block]!; slot += 1) {
      const parent = graph.parents[slot]!;
      users[parent] = new Set([...(users[parent] ?? []), ...all]);
    }
  }
  return users;
}

/** Declared outputs that the last run did not make, or that are not in their place. */
export function outputNotes(
  { project, world }: Context,
  judgements: readonly (Judgement | undefined)[],
): readonly Note[] {
  return project.snapshot.blocks.flatMap(({ declaration }, block): readonly Note[] => {
    const trace = judgements[block]?.trace;
    if (declaration.outputs.length === 0 || trace === undefined || trace === null) return [];
    const note = (message: string): Note => ({ block: declaration.id, message });
    const gone = trace.written.filter(
      ({ object, path }) => object !== null && world.observe('file', path) === null,
    );
    const absent = unmade(declaration.outputs, trace.written, world);
    return [
      ...gone.map(({ path }) => note(`made ${path}, which is not there: dagpy run ${declaration.id}`)),
      ...(absent.length === 0 ? [] : [note(unmadeMessage(absent))]),
    ];
  });
}
