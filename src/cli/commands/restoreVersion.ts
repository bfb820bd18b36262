/** `cache restore`: a block as it was at an earlier execution, code and results. */
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { withCode } from '../../adapters/notebooks/code.js';
import { readNotebook } from '../../adapters/notebooks/read.js';
import { replaceTextFile } from '../../adapters/textFile.js';
import { blockOf } from '../../daemon/jobSpec.js';
import type { LoadedBlock } from '../../daemon/loadProject.js';
import { restoreBlock } from '../../daemon/restoreBlock.js';
import { judge, unknownBlock } from '../../engine/index.js';
import { blockId } from '../../protocol/ids.js';
import { orThrow, ProblemError } from '../../protocol/problem.js';
import type { Trace } from '../../protocol/trace.js';
import { lockInTurn } from '../lockInTurn.js';
import type { OpenProject } from '../openProject.js';
import type { Session } from '../session.js';
import { openTelling } from '../telling.js';
import { oneLine, printable } from '../terminal/style.js';

export async function restoreVersion(session: Session, id: string, version: string): Promise<number> {
  await session.withProject(async project => {
    const block = blockNamed(await project.load(), id);
    const lock = await lockInTurn(session, project, 'dagpy cache restore');
    const versions = (await project.keeper(lock)).versions(block.snapshot.uid);
    const trace = versionNamed(id, version, versions);
    rewrite(session, project, block, trace, versions);
    await putBack(session, project, id, trace);
  });
  return 0;
}

function blockNamed(loaded: Awaited<ReturnType<OpenProject['load']>>, id: string): LoadedBlock {
  if (loaded.blocks.has(blockId(id))) return blockOf(loaded, blockId(id));
  throw new ProblemError([unknownBlock(id, [...loaded.blocks.keys()])]);
}

/** By number, 1 being the newest, or by the beginning of its id. */
function versionNamed(id: string, wanted: string, versions: readonly Trace[]): Trace {
  const found = /^\d{1,4}$/.test(wanted)
    ? versions[Number(wanted) - 1]
    : versions.filter(trace => trace.id.startsWith(wanted)).length === 1
      ? versions.find(trace => trace.id.startsWith(wanted))
      : undefined;
  if (found !== undefined) return found;
  throw new ProblemError([
    {
      code: 'unknown-version',
      message:
        versions.length === 0
          ? `nothing of ${id} is stored`
          : `${id} has no version ${wanted}: ${String(versions.length)} are stored`,
      remedy: versions.length === 0 ? `run it first: dagpy run ${id}` : `"dagpy cache list ${id}" lists them`,
    },
  ]);
}

/** The notebook's code becomes that of the version; code that no version has is kept aside. */
function rewrite(
  session: Session,
  project: OpenProject,
  { snapshot, notebook, codeCells }: LoadedBlock,
  trace: Trace,
  versions: readonly Trace[],
): void {
  const path = snapshot.declaration.notebook;
  const file = join(project.folder, path);
  const read = orThrow(readNotebook(file, path));
  const text = withCode(read, trace.code);
  if (text === read.text) return;
  const now = JSON.stringify(codeCells.map(index => notebook.cells[index]?.source));
  if (!versions.some(each => JSON.stringify(each.code.map(({ source }) => source)) === now)) {
    const folder = join(project.layout.root, 'replaced');
    mkdirSync(folder, { recursive: true });
    const name = `${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}-${basename(path)}`;
    orThrow(replaceTextFile(join(folder, name), read.text, null, `.dagpy/replaced/${name}`));
    session.note(`the notebook as it was is kept as .dagpy/replaced/${name}`);
  }
  orThrow(replaceTextFile(file, text, read.stamp, path));
}

async function putBack(session: Session, project: OpenProject, id: string, trace: Trace): Promise<void> {
  const loaded = await project.load();
  const telling = openTelling(session, project.layout.root);
  const block = blockOf(loaded, blockId(id));
  const ok = await restoreBlock(project.ports, telling, block, trace, loaded.snapshot.dag.cache.keep);
  if (!ok) {
    throw new ProblemError([
      {
        code: 'object-damaged',
        message: `what this version of ${id} showed is damaged and was put aside`,
        remedy: `its code is back; run it: dagpy run ${id}`,
      },
    ]);
  }
  const context = project.context(await project.load());
  const judgement = judge(context)[context.project.graph.indexOf.get(blockId(id))!];
  const when = new Date(trace.createdAt).toISOString().slice(0, 16).replace('T', ' ');
  const reasons = judgement?.reasons.map(({ detail }) => oneLine(detail)).join(', ') ?? '';
  session.note(
    `${printable(id)} is as it was on ${when} UTC: ${
      judgement?.trace?.id === trace.id
        ? 'its results hold'
        : `other things changed since, so the next run runs it again (${reasons === '' ? 'its inputs are other ones' : reasons})`
    }`,
  );
}
