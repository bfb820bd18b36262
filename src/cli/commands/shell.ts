/** `shell`: IPython with the state that a block left. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { interactiveSpec } from '../../daemon/interactiveSession.js';
import { unknownBlock } from '../../engine/index.js';
import { blockId } from '../../protocol/ids.js';
import { ProblemError } from '../../protocol/problem.js';
import { judged, traceOf } from '../judged.js';
import type { OpenProject } from '../openProject.js';
import type { Session } from '../session.js';
import { printable } from '../terminal/style.js';

/** Resolves to what IPython ends with. */
export async function shell(session: Session, id: string): Promise<number> {
  return session.withProject(async project => {
    const loaded = await project.load();
    const all = await judged(project);
    const { graph } = all.context.project;
    const block = graph.indexOf.get(blockId(id));
    if (block === undefined) {
      throw new ProblemError([unknownBlock(id, graph.ids)]);
    }
    const trace = traceOf(all, block);
    if (trace === null) {
      throw new ProblemError([
        { code: 'never-run', message: `${id} has not run yet`, remedy: `dagpy run ${id}` },
      ]);
    }
    if (all.judgements[block]?.trace === null)
      session.note(
        `${printable(id)} is ${all.judgements[block]?.state ?? 'stale'}: the session has its last stored values`,
      );
    const spec = interactiveSpec({
      ports: project.ports,
      loaded,
      context: all.context,
      block,
      trace,
      traceOf: each => traceOf(all, each),
    });
    const job = `shell-${trace.id}`;
    const file = join(project.ports.scratch.open(job), 'specification.json');
    writeFileSync(file, JSON.stringify(spec));
    try {
      return await handOver(project.command, file);
    } finally {
      project.ports.scratch.drop(job);
    }
  });
}

/** The terminal is IPython's until it ends: Ctrl-C interrupts a cell there, and not this process. */
function handOver(command: OpenProject['command'], file: string): Promise<number> {
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  return new Promise<number>((settle, refuse) => {
    const { executable, flags, environment, payload } = command;
    const child = spawn(executable, [...flags, join(payload, 'boot.py'), 'shell', '--specification', file], {
      env: environment,
      stdio: 'inherit',
    });
    child.on('error', refuse);
    child.on('close', (code, signal) => settle(code ?? (signal === 'SIGINT' ? 130 : 1)));
  }).finally(() => process.off('SIGINT', ignore));
}
