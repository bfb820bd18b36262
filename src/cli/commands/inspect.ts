/** `status`, `why`, `exports`, `value`: looking at a project without changing it. */
import { resolve } from 'node:path';
import { EXIT_CODE, historyNotes, unknownBlock } from '../../engine/index.js';
// By its own name, so that a run does not load it.
import { ambientNotes, outputNotes } from '../../engine/notes.js';
import { ProblemError } from '../../protocol/problem.js';
import type { BlockStatus, StatusReport } from '../../protocol/reports.js';
import type { Withheld } from '../../protocol/trace.js';
import { showStoredValue } from '../../daemon/storedValue.js';
import { exportsOf, judged, replayNotes, statusOf, traceOf, unstorable, type Judged } from '../judged.js';
import type { JsonOption } from '../program.js';
import { FIRST_STEPS } from '../report.js';
import type { Session } from '../session.js';
import { tellStrangers } from '../strangers.js';
import { bytes, duration, glyph, oneLine, printable, stateWord } from '../terminal/style.js';
import { table } from '../terminal/table.js';

export async function status(session: Session, options: JsonOption): Promise<number> {
  return session.withProject(async project => {
    const all = await judged(project);
    const { graph } = all.context.project;
    const report: StatusReport = {
      project: project.dag.dag.name,
      blocks: [...graph.order].map(block => statusOf(all, block)),
    };
    if (options.json === true) session.printJson(report);
    else {
      session.print(describeStatus(session, report));
      for (const note of [
        ...historyNotes(all.context.project),
        ...ambientNotes(all.context, all.judgements),
        ...outputNotes(all.context, all.judgements),
      ]) {
        session.note(`note: ${oneLine(note.block)} ${oneLine(note.message)}`);
      }
      if (report.blocks.every(block => block.seconds === null)) await tellStrangers(session);
      if (report.blocks.length === 0) session.note(`no blocks yet. ${FIRST_STEPS}`);
      for (const note of replayNotes(all)) session.note(`note: ${oneLine(note)}`);
    }
    return 0;
  });
}

function describeStatus(session: Session, report: StatusReport): string {
  const style = session.outStyle;
  const counts = new Map<string, number>();
  for (const { state } of report.blocks) counts.set(state, (counts.get(state) ?? 0) + 1);
  const summary = [...counts].map(([state, count]) => `${String(count)} ${state}`).join(' · ');
  const rows = report.blocks.map(({ id, state, reasons, seconds, exports }) => [
    glyph(style, state),
    printable(id),
    stateWord(style, state),
    seconds === null ? '' : duration(seconds),
    exports.length === 0 ? '' : bytes(exports.reduce((sum, each) => sum + each.bytes, 0)),
    reasons.map(reason => oneLine(reason.detail)).join(', '),
  ]);
  return `${style.paint('bold', printable(report.project))}  ${summary}\n${table(rows, '  ')}`;
}

function indexOf({ context }: Judged, id: string): number {
  const found = context.project.graph.ids.findIndex(each => each === id);
  if (found >= 0) return found;
  throw new ProblemError([unknownBlock(id, context.project.graph.ids)]);
}

export async function why(session: Session, id: string, options: JsonOption): Promise<number> {
  return session.withProject(async project => {
    const all = await judged(project);
    const block = indexOf(all, id);
    const report = statusOf(all, block);
    if (options.json === true) {
      session.printJson(report);
      return 0;
    }
    const style = session.outStyle;
    const lines = report.reasons.map(reason => `  ${reason.kind.padEnd(12)} ${oneLine(reason.detail)}\n`);
    for (const { name, type } of unstorable(all, block))
      lines.push(
        `  ${'not stored'.padEnd(12)} ${oneLine(`${name} (${type}): reading it runs ${id} again`)}\n`,
      );
    for (const maker of all.judgements[block]?.replays ?? [])
      lines.push(`  ${'replay'.padEnd(12)} ${oneLine(`${maker} runs again with it`)}\n`);
    const meaning = MEANINGS[report.state];
    session.print(
      `${glyph(style, report.state)} ${printable(id)} is ${stateWord(style, report.state)}: ${meaning}\n${lines.join('')}`,
    );
    return 0;
  });
}

const MEANINGS: { readonly [State in BlockStatus['state']]: string } = {
  never: 'it has not run yet, so it will run',
  fresh: 'a stored result answers, so nothing has to run',
  stale: 'a reason of its own holds, so it will run',
  affected: 'something above it will run; it runs only if its inputs come out different',
  queued: 'it waits for its turn',
  running: 'it runs now',
  failed: 'it failed and will run again',
  blocked: 'something above it failed',
  frozen: 'it keeps its last result until it is told to run ("run": "never")',
};

export async function listExports(session: Session, id: string, options: JsonOption): Promise<number> {
  return session.withProject(async project => {
    const all = await judged(project);
    const block = indexOf(all, id);
    const trace = traceOf(all, block);
    const exports = trace === null ? [] : exportsOf(all, block, trace);
    const withheld = (trace?.withheld ?? []).filter(({ name }) => name !== EXIT_CODE);
    if (options.json === true) {
      session.printJson({ id, exports, withheld });
      return 0;
    }
    if (trace === null) {
      session.note(`${id} has not run yet: dagpy run ${id}`);
      return 0;
    }
    const summaries = new Map(
      trace.exports.flatMap(component => component.variables.map(each => [each.name, each.summary] as const)),
    );
    session.print(
      table(
        exports.map(each => [
          printable(each.name),
          printable(each.type),
          bytes(each.bytes),
          printable(summaries.get(each.name) ?? ''),
        ]),
      ),
    );
    for (const { why: cause, heading } of NOT_STORED) {
      const names = withheld.filter(each => each.why === cause);
      const plain = names.filter(({ detail }) => detail === '').map(({ name, type }) => `${name} (${type})`);
      if (names.length > 0) session.note(printable([heading, plain.join(', ')].join(' ').trimEnd()));
      for (const { name, type, detail } of names)
        if (detail !== '') session.note(printable(`  ${name} (${type}): ${detail}`));
    }
    return 0;
  });
}

/** What is not among the exports, and what that means for who reads it. */
const NOT_STORED: readonly { readonly why: Withheld['why']; readonly heading: string }[] = [
  { why: 'opaque', heading: 'can not be stored; a block that reads it runs this one again in its process:' },
  { why: 'filter', heading: 'not stored, since the filter does not ask for it:' },
  { why: 'size', heading: 'not stored, since it is large and no block reads it:' },
];

export async function value(
  session: Session,
  id: string,
  name: string,
  options: { readonly output?: string },
): Promise<number> {
  const { around } = session;
  return session.withProject(async project => {
    const all = await judged(project);
    const block = indexOf(all, id);
    const trace = traceOf(all, block);
    if (trace === null) {
      throw new ProblemError([
        { code: 'never-run', message: `${id} has not run yet`, remedy: `dagpy run ${id}` },
      ]);
    }
    if (all.judgements[block]?.trace === null)
      session.note(`${id} is ${all.judgements[block]?.state ?? 'stale'}: this is its last stored value`);
    // A figure on a terminal is nothing to read, and a script asked for the text.
    const isTerminal = around.stdout.isTTY === true;
    const shown = await showStoredValue(project.ports, trace, name, {
      columns: isTerminal ? (around.stdout.columns ?? 80) : 0,
      ...(options.output === undefined ? {} : { target: resolve(around.cwd, options.output) }),
      ...(isTerminal ? { figureFile: resolve(around.cwd, `${id}-${name}.png`) } : {}),
    });
    session.print(`${shown}\n`);
    return 0;
  });
}
