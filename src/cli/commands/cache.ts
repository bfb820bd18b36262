/** `cache list|gc|verify|clear`. */
import { readSavings } from '../../adapters/savings.js';
import { unknownBlock } from '../../engine/index.js';
import type { CollectReport } from '../../engine/storePorts.js';
import { blockId } from '../../protocol/ids.js';
import { ProblemError } from '../../protocol/problem.js';
import { objectsOf } from '../../protocol/traceCodec.js';
import { lockInTurn } from '../lockInTurn.js';
import type { OpenProject } from '../openProject.js';
import type { JsonOption } from '../program.js';
import type { Session } from '../session.js';
import { tellStrangers } from '../strangers.js';
import { isAgreed } from '../terminal/question.js';
import { bytes, duration, oneLine, plural, printable } from '../terminal/style.js';
import { table } from '../terminal/table.js';

const GRACE_MILLISECONDS = 3_600_000;

export async function list(session: Session, id: string | undefined, options: JsonOption): Promise<number> {
  return session.withProject(async project =>
    id === undefined ? listBlocks(session, project, options) : listVersions(session, project, id, options),
  );
}

async function listBlocks(session: Session, project: OpenProject, options: JsonOption): Promise<number> {
  const savings = readSavings(project.layout.root);
  const none = { hits: 0, savedSeconds: 0 };
  const blocks = (await project.keeper(null))
    .list()
    .map(each => ({ ...each, ...(savings.get(each.block) ?? none) }));
  if (options.json === true) {
    session.printJson({ blocks });
    return 0;
  }
  await tellStrangers(session);
  if (blocks.length === 0) {
    session.print('Nothing is stored yet.\n');
    return 0;
  }
  const rows = blocks.map(each => [
    printable(each.block),
    plural(each.traces, 'result'),
    bytes(each.bytes),
    String(each.hits),
    each.savedSeconds > 0 ? duration(each.savedSeconds) : '',
    when(each.newest),
  ]);
  const total = blocks.reduce((sum, { savedSeconds }) => sum + savedSeconds, 0);
  const size = blocks.reduce((sum, each) => sum + each.bytes, 0);
  session.print(table([['block', 'kept', 'size', 'hits', 'saved', 'newest (UTC)'], ...rows]));
  session.print(
    `${bytes(size)} in all${total > 0 ? `; stored results saved ${duration(total)} so far` : ''}.\n`,
  );
  return 0;
}

const when = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ');

/** The remembered executions of one block, newest first: what `cache restore` can bring back. */
async function listVersions(
  session: Session,
  project: OpenProject,
  id: string,
  options: JsonOption,
): Promise<number> {
  const loaded = await project.load();
  const block = loaded.blocks.get(blockId(id));
  if (block === undefined) {
    throw new ProblemError([unknownBlock(id, [...loaded.blocks.keys()])]);
  }
  const { uid, memory } = block.snapshot;
  const versions = (await project.keeper(null)).versions(uid).map((trace, at) => ({
    version: at + 1,
    id: trace.id,
    createdAt: trace.createdAt,
    seconds: trace.seconds,
    bytes: objectsOf(trace).reduce((sum, { size }) => sum + size, 0),
    shown: trace.id === memory.shown,
    code: trace.code.map(({ source }) => source),
  }));
  if (options.json === true) session.printJson({ block: id, versions });
  else if (versions.length === 0) session.print(`Nothing of ${printable(id)} is stored.\n`);
  else {
    const before = (at: number): readonly string[] | undefined => versions[at + 1]?.code;
    const rows = versions.map((each, at) => [
      String(each.version),
      when(each.createdAt),
      duration(each.seconds),
      bytes(each.bytes),
      each.shown ? 'shown now' : '',
      oneLine(changedCode(each.code, before(at))),
    ]);
    session.print(table([['version', 'ran (UTC)', 'took', 'size', '', 'new code'], ...rows]));
    session.print(`Bring one back: dagpy cache restore ${printable(id)} VERSION\n`);
  }
  return 0;
}

/** The first line that the version before did not have. */
function changedCode(code: readonly string[], before: readonly string[] | undefined): string {
  if (before === undefined) return '';
  const known = new Set(before.flatMap(source => source.split('\n')));
  const line = code
    .flatMap(source => source.split('\n'))
    .find(each => each.trim() !== '' && !known.has(each));
  return line === undefined ? 'the same code' : line.trim().slice(0, 60);
}

export async function collect(
  session: Session,
  options: JsonOption & { readonly all?: boolean },
): Promise<number> {
  return session.withProject(async project => {
    const maxBytes = project.dag.dag.cache.maxBytes;
    const keeper = await project.keeper(await lockInTurn(session, project, 'dagpy cache gc'));
    const report = keeper.collect({
      graceMilliseconds: options.all === true ? 0 : GRACE_MILLISECONDS,
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });
    return tellCollected(session, report, options.json === true);
  });
}

export async function verify(session: Session, options: JsonOption): Promise<number> {
  return session.withProject(async project => {
    const report = (await project.keeper(await lockInTurn(session, project, 'dagpy cache verify'))).verify();
    if (options.json === true) session.printJson(report);
    else {
      const damaged = report.damagedObjects.length + report.damagedRecords.length;
      session.print(
        `${plural(report.objects, 'object')} (${bytes(report.bytes)}) and ${plural(report.traces, 'result')} looked at, ${damaged === 0 ? 'all sound' : `${String(damaged)} damaged and put into .dagpy/quarantine or forgotten; what they answered for runs again`}.\n`,
      );
    }
    return 0;
  });
}

export async function clear(session: Session, options: { readonly yes?: boolean }): Promise<number> {
  return session.withProject(async (project: OpenProject) => {
    const kept = (await project.keeper(null)).list();
    const results = kept.reduce((sum, each) => sum + each.traces, 0);
    const question = `Forget ${plural(results, 'stored result')}? What made them has to run again.`;
    if (options.yes !== true && results > 0 && !isAgreed(session.around.stderr, question)) {
      session.note('nothing was changed');
      return 0;
    }
    const report = (await project.keeper(await lockInTurn(session, project, 'dagpy cache clear'))).clear();
    return tellCollected(session, report, false);
  });
}

function tellCollected(session: Session, report: CollectReport, json: boolean): number {
  if (json) session.printJson(report);
  else
    session.print(
      `${plural(report.removedObjects, 'object')} removed (${bytes(report.removedBytes)}), ${String(report.keptObjects)} kept (${bytes(report.keptBytes)}).\n`,
    );
  return 0;
}
