/** `run --check`: does running it again give what is stored? */
import { checkProject, type CheckedBlock } from '../../daemon/check.js';
import type { RunRequest } from '../../engine/index.js';
import type { Json } from '../../protocol/dagFile.js';
import { lockInTurn } from '../lockInTurn.js';
import type { OpenProject } from '../openProject.js';
import type { Session } from '../session.js';
import { openTelling } from '../telling.js';
import { glyph, oneLine, plural, printable } from '../terminal/style.js';
import { table } from '../terminal/table.js';

const INTERRUPTED = 130;

/** Exits with 1 where anything is stale, fails or comes out different. */
export async function check(
  session: Session,
  project: OpenProject,
  target: RunRequest['target'],
  parameters: ReadonlyMap<string, Json>,
  { jobs, json }: { readonly jobs: number; readonly json: boolean },
): Promise<number> {
  await lockInTurn(session, project, 'dagpy run --check');
  const loaded = await project.load(parameters);
  const telling = openTelling(session, project.layout.root);
  const cancel = new AbortController();
  const interrupted = (): void => {
    if (cancel.signal.aborted) process.exit(INTERRUPTED);
    telling.pause();
    session.note('stopping: running blocks are interrupted (Ctrl-C again to leave at once)');
    cancel.abort();
  };
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', interrupted);
  try {
    const context = project.context(loaded);
    const checked = await checkProject(project.ports, telling, {
      loaded,
      context,
      // Of a project in which nothing is stale, "affected" is nothing; the question is about what is stored.
      target:
        target.kind === 'affected'
          ? { kind: 'all' }
          : target.kind === 'ids'
            ? { ...target, reach: 'only' }
            : target,
      jobs,
      cancel: cancel.signal,
    });
    if (json) session.printJson({ run: telling.run, blocks: checked });
    else session.print(described(session, checked));
    if (cancel.signal.aborted) return INTERRUPTED;
    return checked.every(({ outcome }) => outcome === 'same') ? 0 : 1;
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
  }
}

function described(session: Session, checked: readonly CheckedBlock[]): string {
  const style = session.outStyle;
  const shapes = {
    same: 'fresh',
    different: 'failed',
    stale: 'stale',
    failed: 'failed',
    'not-run': 'blocked',
  } as const;
  const rows = checked.map(each => [
    glyph(style, shapes[each.outcome]),
    printable(each.block),
    wordsFor(each),
  ]);
  const count = (outcome: CheckedBlock['outcome']) => checked.filter(each => each.outcome === outcome).length;
  const parts = [
    `${plural(checked.length, 'block')} checked`,
    `${String(count('same'))} the same`,
    ...(['different', 'stale', 'failed', 'not-run'] as const).flatMap(outcome =>
      count(outcome) > 0 ? [`${String(count(outcome))} ${outcome === 'not-run' ? 'not run' : outcome}`] : [],
    ),
  ];
  const remedy =
    count('different') > 0
      ? 'A block that differs depends on something that nobody tells it: an unseeded generator, the clock, the order of threads. Make it depend on its inputs alone, or set "run": "always".\n'
      : '';
  return `${table(rows, '  ')}${parts.join(' · ')}\n${remedy}`;
}

function wordsFor({ outcome, exports, files, states, outputs, external, reasons }: CheckedBlock): string {
  switch (outcome) {
    case 'same':
      return 'the same';
    case 'stale':
      return `stale: ${reasons.map(({ detail }) => oneLine(detail)).join(', ')}`;
    case 'failed':
      return 'failed';
    case 'not-run':
      return 'not run';
    case 'different': {
      const what = [
        ...exports,
        ...files,
        ...states.map(state => `state of ${state}`),
        ...(outputs ? ['what it shows'] : []),
      ];
      const asked = external.length > 0 ? ` (it asked ${external.map(oneLine).join(', ')})` : '';
      return `different: ${what.map(printable).join(', ')}${asked}`;
    }
  }
}
