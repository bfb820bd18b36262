/** `cache list|gc|verify|clear`. */
import type { CollectReport } from '../../engine/storePorts.js';
import type { OpenProject } from '../openProject.js';
import type { JsonOption } from '../program.js';
import type { Session } from '../session.js';
import { bytes, plural, printable } from '../terminal/style.js';
import { table } from '../terminal/table.js';

const GRACE_MILLISECONDS = 3_600_000;

export async function list(session: Session, options: JsonOption): Promise<number> {
  return session.withProject(async project => {
    const blocks = (await project.keeper(null)).list();
    if (options.json === true) session.printJson({ blocks });
    else {
      const rows = blocks.map(each => [
        printable(each.block),
        plural(each.traces, 'result'),
        bytes(each.bytes),
        new Date(each.newest).toISOString().slice(0, 16).replace('T', ' '),
      ]);
      session.print(
        rows.length === 0
          ? 'Nothing is stored yet.\n'
          : table([['block', 'kept', 'size', 'newest (UTC)'], ...rows]),
      );
    }
    return 0;
  });
}

export async function collect(
  session: Session,
  options: JsonOption & { readonly all?: boolean },
): Promise<number> {
  return session.withProject(async project => {
    const maxBytes = project.dag.dag.cache.maxBytes;
    const keeper = await project.keeper(project.lock('dagpy cache gc'));
    const report = keeper.collect({
      graceMilliseconds: options.all === true ? 0 : GRACE_MILLISECONDS,
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });
    return tellCollected(session, report, options.json === true);
  });
}

export async function verify(session: Session, options: JsonOption): Promise<number> {
  return session.withProject(async project => {
    const report = (await project.keeper(project.lock('dagpy cache verify'))).verify();
    if (options.json === true) session.printJson(report);
    else {
      const damaged = report.damagedObjects.length + report.damagedRecords.length;
      session.print(
        `${plural(report.objects, 'object')} (${bytes(report.bytes)}) and ${plural(report.traces, 'result')} looked at, ${damaged === 0 ? 'all sound' : `${String(damaged)} damaged and put into .dagpy/quarantine; what they answered for runs again`}.\n`,
      );
    }
    return 0;
  });
}

export async function clear(session: Session): Promise<number> {
  return session.withProject(async (project: OpenProject) => {
    const report = (await project.keeper(project.lock('dagpy cache clear'))).clear();
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
