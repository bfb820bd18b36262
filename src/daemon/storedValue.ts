/** One stored variable as text or as a file, made by the kernel's own Python. */
import { ProblemError, unreachable } from '../protocol/problem.js';
import type { Trace, Withheld } from '../protocol/trace.js';
import type { JobSpec } from '../protocol/workerMessages.js';
import type { ProjectPorts } from './ports.js';
import { inputOf } from './jobSpec.js';

export interface Showing {
  /** Width of the terminal that it is shown on; 0: the plain `repr`. */
  readonly columns: number;
  /** Absolute path of a file to write it to; absent: it is printed. */
  readonly target?: string;
  /** Where a figure goes that nobody named a file for; absent: it is printed as anything else. */
  readonly figureFile?: string;
}

/** @returns the text, or the path of the file that was written */
export async function showStoredValue(
  ports: ProjectPorts,
  trace: Trace,
  name: string,
  showing: Showing,
): Promise<string> {
  const component = trace.exports.find(each => each.names.includes(name));
  if (component === undefined) throw new ProblemError([notStored(trace, name)]);
  const job = `value-${trace.id}`;
  const scratch = ports.scratch.open(job);
  let text = '';
  try {
    // What functions among the values reach belongs to their meaning, and to their repr.
    const others = trace.exports.filter(
      each => each !== component && each.names.some(other => component.reaches.includes(other)),
    );
    const bind = (names: readonly string[]): Map<string, readonly string[]> =>
      new Map(names.map(each => [each, [each]]));
    const inputs = [component, ...others].map(each =>
      inputOf(ports, { from: trace.block, component: each, bind: bind(each.names) }),
    );
    const spec: JobSpec = {
      type: 'execute',
      job,
      block: trace.block,
      uid: trace.uid,
      project: ports.folder,
      cwd: ports.folder,
      segments: [
        {
          role: 'main',
          block: trace.block,
          notebook: '',
          inputs,
          live: [],
          setting: null,
          cells: [{ ordinal: 0, id: 'value', place: 1, source: showingSource(name, showing), raises: false }],
        },
      ],
      parameters: {},
      ambient: {},
      seed: null,
      keep: { filter: 'off', wanted: [], smallBytes: 0 },
      objects: ports.objectsFolder,
      early: {},
      scratch,
      outputs: [],
      hints: {},
      hold: false,
    };
    const running = ports.workers.start(spec, { bare: true }, message => {
      if (
        message.type === 'output' &&
        message.output.output_type === 'stream' &&
        message.output.name === 'stdout'
      )
        text += message.output.text;
    });
    const end = await running.end;
    if (end.kind === 'finished' && end.result.status === 'ok') return text.replace(/\n$/, '');
    const refused =
      end.kind === 'finished' && end.result.error?.ename === 'TypeError' && showing.target !== undefined;
    if (refused && end.kind === 'finished')
      throw new ProblemError([
        {
          code: 'value-form',
          message: end.result.error?.evalue ?? '',
          remedy: 'name a file with another suffix after -o',
        },
      ]);
    const why =
      end.kind === 'died' ? end.tail : `${end.result.error?.ename ?? ''}: ${end.result.error?.evalue ?? ''}`;
    throw new ProblemError([
      {
        code: 'value-unreadable',
        message: `${name} of ${trace.block} can not be loaded: ${why}`,
        remedy: `run the block again: dagpy run ${trace.block} --force`,
      },
    ]);
  } finally {
    ports.scratch.drop(job);
  }
}

/** JSON strings are Python strings too. */
const showingSource = (name: string, { columns, target = '', figureFile = '' }: Showing): string =>
  `__import__('dagpy_worker.showing', fromlist=['show']).show(${name}, ${JSON.stringify(name)}, ${String(columns)}, ${JSON.stringify(target)}, ${JSON.stringify(figureFile)})`;

function notStored(trace: Trace, name: string) {
  const withheld = trace.withheld.find(each => each.name === name);
  if (withheld !== undefined) {
    return {
      code: 'not-stored',
      message: `${name} of ${trace.block} is not stored: ${whyWithheld(withheld)}`,
      remedy:
        withheld.why === 'opaque'
          ? 'a block that reads it runs this one again; to look at it here, store what it was made from'
          : `ask for it: dagpy filter ${trace.block} ${name}, then dagpy run ${trace.block}`,
    };
  }
  const names = trace.exports.flatMap(each => each.names).sort();
  return {
    code: 'unknown-name',
    message: `${trace.block} exports no ${name}`,
    remedy:
      names.length === 0
        ? `see: dagpy exports ${trace.block}`
        : `use one of: ${names.slice(0, 30).join(', ')}`,
  };
}

/** Why a variable is not among the stored ones, in words. */
function whyWithheld({ why, detail }: Pick<Withheld, 'why' | 'detail'>): string {
  if (detail !== '') return detail;
  switch (why) {
    case 'filter':
      return 'the filter does not ask for it';
    case 'size':
      return 'it is large and no block reads it';
    case 'opaque':
      return 'it can not be stored';
    default:
      return unreachable(why);
  }
}
