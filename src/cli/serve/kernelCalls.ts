/** Calls about kernels in which people work: the values of blocks for them. */
import { kernelValues, type KernelValues } from '../../daemon/kernelValues.js';
import { judge, unknownBlock } from '../../engine/index.js';
import { blockId } from '../../protocol/ids.js';
import { ProblemError } from '../../protocol/problem.js';
import type { CallHandlers, KernelCode } from '../../protocol/resident/calls.js';
import { traceOf } from '../judged.js';
import type { OpenProject } from '../openProject.js';
import type { ServeHost } from './host.js';
import { loadingCode, versionOf } from './kernelCode.js';

export function kernelCalls(host: ServeHost): Pick<CallHandlers, 'kernelCode'> {
  return {
    kernelCode: ({ project, block, what }) =>
      host.withProject(project, async open =>
        codeOf(open, host.around.payload(), await valuesOf(open, block, what)),
      ),
  };
}

async function valuesOf(open: OpenProject, id: string, what: KernelValues['what']): Promise<KernelValues> {
  const loaded = await open.load();
  const context = open.context(loaded);
  const all = { context, judgements: judge(context) };
  const { graph } = context.project;
  const block = graph.indexOf.get(blockId(id));
  if (block === undefined) throw new ProblemError([unknownBlock(id, graph.ids)]);
  return kernelValues({
    ports: open.ports,
    loaded,
    context,
    block,
    what,
    traceOf: each => traceOf(all, each),
    isCurrent: each => all.judgements[each]?.trace !== null,
  });
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
