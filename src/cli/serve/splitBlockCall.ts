/** The call `splitBlock`: cells of a block become a new one, above it where they begin it, and else below. */
import { readBlockFiles, type BlockFile } from '../../adapters/blockFiles.js';
import { loadDagFile } from '../../adapters/dagFile/index.js';
import { filterWords, planFlow, type SubmitPorts } from '../../adapters/flows/index.js';
import { parseNotebook } from '../../adapters/notebooks/index.js';
import { blockReads, unknownBlock } from '../../engine/index.js';
import { formatHeader } from '../../protocol/flow/headers.js';
import type { JsonObject } from '../../protocol/outputs.js';
import { orThrow, ProblemError, type Problem } from '../../protocol/problem.js';
import type { CallParameters, CallResult } from '../../protocol/resident/calls.js';
import { composeWithNeeds } from './composed.js';
import { contentOf, homeOf, textOf, withPorts } from './flowPorts.js';
import type { ServeHost } from './host.js';

type Parameters = CallParameters<'splitBlock'>;

/** As if a person had put a header above the cells in a flow of the block. */
export function splitBlockCall(host: ServeHost, parameters: Parameters): Promise<CallResult<'splitBlock'>> {
  const { project, block, id } = parameters;
  return withPorts(host, project, async (folder, ports) => {
    const { dag } = orThrow(loadDagFile(folder));
    const files = orThrow(readBlockFiles(folder, dag, ports));
    const whole = files.find(({ declaration }) => declaration.id === block);
    if (whole === undefined)
      throw new ProblemError([
        unknownBlock(
          block,
          dag.blocks.map(each => each.id),
        ),
      ]);
    const chosen = chosenIn(whole, parameters, dag.prelude === block);
    await refuseKnot(whole, chosen, parameters, ports);
    const flow = contentOf(composeWithNeeds(dag, files, [block], ports.digest));
    const { notebook } = whole.declaration;
    const text = textOf({ ...flow, cells: withPart(flow, whole, chosen, parameters) });
    const plan = orThrow(
      await planFlow(folder, orThrow(parseNotebook(text, notebook)), ports, {
        home: homeOf(notebook),
        isUnsaved: false,
        isShownTrusted: true,
      }),
    );
    orThrow(await host.edit(project, `make ${id} of cells of ${block}`, writing => plan.write(writing)));
    const made = orThrow(loadDagFile(folder)).dag.blocks.find(each => each.id === id);
    return { block: id, notebook: made?.notebook ?? '' };
  });
}

/** Places of the cells, from 0. */
function chosenIn(
  { declaration, notebook }: BlockFile,
  { block, cells }: Parameters,
  isPrelude: boolean,
): ReadonlySet<number> {
  const refuse = (problem: Omit<Problem, 'file'>): never => {
    throw new ProblemError([{ ...problem, file: declaration.notebook }]);
  };
  if (isPrelude)
    refuse({
      code: 'call',
      message: `${block} is the prelude, which runs as a whole in every session`,
      remedy: 'take "prelude" out of dag.json first',
    });
  for (const { place, source } of cells)
    if (notebook.cells[place - 1]?.source !== source)
      refuse({
        code: 'file-changed',
        message: `cell ${String(place)} is another on disk than in the editor`,
        remedy: 'save the notebook and try again',
      });
  const chosen = new Set(cells.map(({ place }) => place - 1));
  const isLeft = notebook.cells.some(
    ({ type, source }, at) => type === 'code' && source.trim() !== '' && !chosen.has(at),
  );
  if (!isLeft)
    refuse({
      code: 'call',
      message: `no code would be left in ${block}`,
      remedy: `leave out some of its cells, or give ${block} another name`,
    });
  return chosen;
}

/** What stays must not read what only comes to be below it. */
async function refuseKnot(
  { declaration, notebook }: BlockFile,
  chosen: ReadonlySet<number>,
  { block, id }: Parameters,
  { factsOf }: Pick<SubmitPorts, 'factsOf'>,
): Promise<void> {
  if (isAtStart(chosen)) return;
  const code = notebook.cells.filter(({ type }) => type === 'code');
  const facts = await factsOf(code.map(({ source }) => source));
  const readsOf = (cells: typeof code) => blockReads(cells.map(({ source }) => facts(source)));
  const before = readsOf(code);
  const part = readsOf(code.filter(({ index }) => chosen.has(index)));
  const rest = code.filter(({ index }) => !chosen.has(index));
  const name = readsOf(rest).reads.find(each => part.mayBind.includes(each) && !before.reads.includes(each));
  if (name === undefined) return;
  const reader = rest.find(({ source }) => facts(source).loads.includes(name));
  throw new ProblemError([
    {
      code: 'call',
      message: `${block} itself reads ${name} below these cells, and ${id} would make it afterwards`,
      file: declaration.notebook,
      ...(reader === undefined ? {} : { cell: reader.place }),
      remedy: 'take the cells that read it too, or all cells from the first one on',
    },
  ]);
}

const isAtStart = (chosen: ReadonlySet<number>): boolean => [...chosen].every(at => at < chosen.size);

/** Cells of the flow, with the chosen ones below a header of their own. */
function withPart(
  flow: JsonObject,
  { uid, notebook }: BlockFile,
  chosen: ReadonlySet<number>,
  { id, parents, filter }: Parameters,
): readonly JsonObject[] {
  const cells = flow['cells'] as readonly JsonObject[];
  const isHeader = ({ metadata }: JsonObject): boolean => {
    const { dagpy } = metadata as { readonly dagpy?: { readonly header?: unknown } };
    return dagpy?.header === uid;
  };
  const start = cells.findIndex(isHeader);
  const own = cells.slice(start + 1, start + 1 + notebook.cells.length);
  const part = [
    newHeader(id, parents?.map(parent => parent.block) ?? null, filterWords(filter)),
    ...own.filter((_, at) => chosen.has(at)),
  ];
  const rest = [cells[start]!, ...own.filter((_, at) => !chosen.has(at))];
  return [
    ...cells.slice(0, start),
    ...(isAtStart(chosen) ? [...part, ...rest] : [...rest, ...part]),
    ...cells.slice(start + 1 + notebook.cells.length),
  ];
}

/** Parents that are not said are found from the code. */
function newHeader(name: string, parents: readonly string[] | null, filter: readonly string[]): JsonObject {
  const text = formatHeader({ name, parents: [...new Set(parents ?? [])], filter, rest: [] });
  return {
    cell_type: 'markdown',
    id: 'dagpy-new-block',
    metadata: {},
    source: parents === null ? text.replace(/^- Parents:.*\n/m, '') : text,
  };
}
