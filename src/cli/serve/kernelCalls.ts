/** Calls about kernels in which people work: the values of blocks for them, and what they computed for the blocks. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { decodeMade } from '../../adapters/workers/decodeMade.js';
import { adoptable, adoptedUnder, commitAdopted, type Adoptable } from '../../daemon/adoption.js';
import { kernelValues, type KernelValues } from '../../daemon/kernelValues.js';
import { unknownBlock } from '../../engine/index.js';
import { DecodeError } from '../../protocol/decode.js';
import { blockId } from '../../protocol/ids.js';
import { orThrow, ProblemError } from '../../protocol/problem.js';
import type { AdoptCode, CallHandlers, KernelCode } from '../../protocol/resident/calls.js';
import { traceOf } from '../../daemon/judged.js';
import { judgedAs } from '../judged.js';
import type { OpenProject } from '../openProject.js';
import type { ServeHost } from './host.js';
import { adoptingCode, loadingCode, versionOf, type Proof } from './kernelCode.js';

/** A kernel was asked to store what it has, and has not answered yet. */
interface Ticket {
  readonly block: string;
  readonly key: string;
  readonly scratch: string;
}

/** Kernels that never answered: their folders go when so many others were asked. */
const MOST_TICKETS = 20;

export function kernelCalls(host: ServeHost): Pick<CallHandlers, 'kernelCode' | 'adoptCode' | 'adopt'> {
  const payload = () => host.around.payload();
  const tickets = new Map<string, Ticket>();
  const forget = (ticket: string): void => {
    const known = tickets.get(ticket);
    tickets.delete(ticket);
    if (known !== undefined) rmSync(known.scratch, { recursive: true, force: true });
  };
  return {
    kernelCode: ({ project, block, what }) =>
      host.withProject(project, async open => {
        const { values } = await look(open, block, what);
        return codeOf(open, payload(), values);
      }),

    adoptCode: ({ project, block }) =>
      host.withProject(project, async (open): Promise<AdoptCode> => {
        const { values, adoption } = await look(open, block, 'inputs');
        const found = orThrow(adoption());
        const ticket = randomUUID();
        const scratch = join(open.layout.tmp, `adopt-${ticket}`);
        mkdirSync(scratch, { recursive: true, mode: 0o700 });
        tickets.set(ticket, { block, key: found.identity.key, scratch });
        for (const old of [...tickets.keys()].slice(0, -MOST_TICKETS)) forget(old);
        return { code: adoptingCode(payload(), proofOf(open, values, found, scratch)), ticket };
      }),

    async adopt({ project, block, ticket, made }) {
      const known = tickets.get(ticket);
      if (known?.block !== block) throw changed(block);
      try {
        const result = await host.withProject(project, async open => {
          const found = orThrow((await look(open, block, 'inputs')).adoption());
          // Saved, run or changed meanwhile: what was stored is of another code or of other inputs.
          if (found.identity.key !== known.key) throw changed(block);
          const trace = await commitAdopted(open.ports, found.identity, known.scratch, decoded(block, made));
          const earlier = open.local.read(trace.key);
          await open.local.add(trace);
          for (const { id } of earlier) open.local.remove(trace.key, id);
          const variables = trace.exports.flatMap(({ names, hidden }) =>
            names.filter(name => !hidden.includes(name)),
          );
          const bytes = trace.exports
            .flatMap(component => component.variables)
            .reduce((sum, variable) => sum + variable.bytes, 0);
          return { variables, bytes };
        });
        await host.look(project);
        return result;
      } finally {
        forget(ticket);
      }
    },
  };
}

async function look(open: OpenProject, id: string, what: KernelValues['what']) {
  const loaded = await open.load();
  const context = open.context(loaded);
  const all = await judgedAs(open, context);
  const { graph } = context.project;
  const block = graph.indexOf.get(blockId(id));
  if (block === undefined) throw new ProblemError([unknownBlock(id, graph.ids)]);
  const localOf = (each: number) => {
    const { trace = null, key = null } = all.judgements[each] ?? {};
    return trace === null && key !== null ? adoptedUnder(open.local, open.ports.objects, key) : undefined;
  };
  const values = kernelValues({
    ports: open.ports,
    loaded,
    context,
    block,
    what,
    // Hidden state that a kernel left was not adopted: below it the state of the last run stands.
    traceOf: each => localOf(each) ?? traceOf(all, each),
    standing: each =>
      all.judgements[each]?.trace ? 'current' : localOf(each) === undefined ? 'stale' : 'local',
  });
  return { values, adoption: () => adoptable({ loaded, ...all, block, given: values }) };
}

function codeOf({ ports }: OpenProject, payload: string, values: KernelValues): KernelCode {
  const version = versionOf(ports, values);
  const names = values.components.flatMap(({ bind }) => [...bind.values()].flat());
  const bytes = values.components
    .flatMap(({ component, bind }) => component.variables.filter(({ name }) => bind.has(name)))
    .reduce((sum, variable) => sum + variable.bytes, 0);
  return {
    code: loadingCode(ports, values, payload, version),
    variables: [...new Set([...names, ...values.parameters.map(([name]) => name)])],
    bytes,
    version,
    notes: values.notes,
  };
}

function proofOf({ ports }: OpenProject, values: KernelValues, found: Adoptable, scratch: string): Proof {
  return {
    project: ports.folder,
    block: values.block,
    cwd: found.cwd,
    version: found.needsNothing ? null : versionOf(ports, values),
    // IPython's history drops line ends at the end of a cell.
    cells: found.sources.map(source =>
      createHash('sha256').update(source.replace(/\n+$/, ''), 'utf8').digest('hex'),
    ),
    keep: found.keep,
    scratch,
    objects: ports.objectsFolder,
  };
}

function decoded(block: string, made: unknown) {
  try {
    return decodeMade(made, 'made');
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new ProblemError([
      {
        code: 'not-adoptable',
        message: `the kernel did not store the values of ${block}: ${error.message}`,
        block,
        remedy: 'restart the kernel and run the cells of the block in order',
      },
    ]);
  }
}

const changed = (block: string): ProblemError =>
  new ProblemError([
    {
      code: 'not-adoptable',
      message: `${block} changed while its values were stored`,
      block,
      remedy: 'adopt again',
    },
  ]);
