/** Runs one block in a worker and brings home what it made: outputs, objects, trace. */
import { createOutputCollector } from '../protocol/collectOutputs.js';
import type { BlockId } from '../protocol/ids.js';
import type { Display } from '../protocol/outputs.js';
import { ProblemError, type Problem } from '../protocol/problem.js';
import type { Dependency } from '../protocol/trace.js';
import type { FromWorker, JobResult } from '../protocol/workerMessages.js';
import { sessionFor, unmade, unmadeMessage, type ExecuteEffect, type HeldSession } from '../engine/index.js';
import type { JobEnd, RunningJob } from '../engine/runPorts.js';
import { commitResult, type Committed } from './commitResult.js';
import { dependenciesOf } from './dependencies.js';
import type { FileUse } from './fileUse.js';
import { blockOf, jobSpecOf, needsBareStart } from './jobSpec.js';
import type { LoadedProject } from './loadProject.js';
import type { ProjectPorts, RunSink } from './ports.js';
import { firstProblem } from './restoreBlock.js';

/** As the engine's outcome, with what people are told. */
export type Executed =
  | ({ readonly kind: 'stored' } & Committed)
  | {
      readonly kind: 'failed';
      /** Blocks whose code ran again for it until then. */
      readonly replayed: readonly BlockId[];
      readonly problem: Problem;
      readonly traceback: readonly string[];
      readonly seconds: number;
      readonly display: Display;
    }
  | { readonly kind: 'interrupted'; readonly replayed: readonly BlockId[] };

export interface ExecuteOptions {
  readonly loaded: LoadedProject;
  readonly effect: ExecuteEffect;
  readonly files: FileUse;
  /** How often the run began anew; processes of an earlier time may not be over yet. */
  readonly round: number;
  /** Told which worker runs the block, so that it can be stopped. */
  readonly started: (running: RunningJob) => void;
  /** Sessions that children continue: this one's is added where it is kept. */
  readonly held: Map<BlockId, HeldSession>;
}

export async function executeBlock(
  ports: ProjectPorts,
  sink: RunSink,
  options: ExecuteOptions,
): Promise<Executed> {
  const { loaded, effect, files } = options;
  const block = blockOf(loaded, effect.block);
  const { declaration, memory } = block.snapshot;
  const began = ports.clock.now();
  const job = [sink.run, effect.key.slice(0, 12), options.round, effect.attempt].join('-');
  sink.emit({
    event: 'blockStarted',
    block: effect.block,
    reasons: effect.reasons,
    cells: block.codeCells.length,
    expectedSeconds: memory.last?.seconds ?? null,
  });
  // A block that shows something will most likely show something else.
  if (block.notebook.text.includes('"output_type"')) ports.notebooks.expectWrite();
  const collector = createOutputCollector(block.codeCells.length);
  ports.memory.begin(block.snapshot.uid);
  const scratch = ports.scratch.open(job);
  let isOnItsWay = false;
  const replays = new Set<BlockId>();
  const failed = (problem: Problem, traceback: readonly string[], display: Display): Executed => ({
    kind: 'failed',
    problem,
    traceback,
    seconds: (ports.clock.now() - began) / 1000,
    display,
    replayed: [...replays],
  });
  try {
    const spec = jobSpecOf(ports, loaded, effect, job, scratch);
    const literal = files.literalFiles(effect.block);
    const bare = needsBareStart(loaded, effect);
    const from = sessionFor(options.held.values(), effect, bare);
    const how = { bare, ...(from === undefined ? {} : { from: from.job }) };
    const running = ports.workers.start(spec, how, message => {
      if (message.type === 'replaying') replays.add(message.block as BlockId);
      if (message.type === 'output') ports.notebooks.expectWrite();
      tell(sink, effect, message);
      collector.accept(message);
      sink.watcher?.heard(effect.block, message);
    });
    options.started(running);
    const { end, timedOut } = await waitFor(running, declaration.timeout);
    const shown = (widgets: JobResult['widgets']): Display => ({
      cells: collector.cells(),
      ...(widgets === null ? {} : { widgets }),
    });
    if (timedOut) {
      const { timeoutProblem } = await import('./blockProblems.js');
      return failed(timeoutProblem(block, declaration.timeout ?? 0), [], shown(null));
    }
    if (end.kind === 'died') {
      const { deathProblem } = await import('./blockProblems.js');
      return failed(deathProblem(block, end), end.tail === '' ? [] : [end.tail], shown(null));
    }
    const { result } = end;
    if (result.status === 'interrupted') return { kind: 'interrupted', replayed: [...replays] };
    if (result.status === 'error') {
      const { errorOf, errorProblem, withError } = await import('./blockProblems.js');
      const error = errorOf(result, effect.block);
      return failed(
        errorProblem(loaded, block, error),
        error.traceback,
        withError(shown(result.widgets), error, effect.block),
      );
    }
    const written = files.writtenBy(effect.block, result);
    const made = written.filter(({ path }) => ports.files.isFile(path));
    const absent = unmade(declaration.outputs, made, ports.world);
    const warnings = absent.length === 0 ? [] : [unmadeMessage(absent)];
    const committed = await commitResult(
      ports,
      {
        identity: {
          key: effect.key,
          uid: block.snapshot.uid,
          block: effect.block,
          ingredients: effect.ingredients,
          code: block.codeCells.flatMap(index => {
            const cell = block.notebook.cells[index];
            return cell === undefined ? [] : [{ cell: cell.id, source: cell.source }];
          }),
          replayed: [...replays],
        },
        scratch,
        display: shown(result.widgets),
        discovered: [...dependenciesOf(ports, result, literal), ...ambientUsed(effect, result)],
        written,
      },
      { ...result, warnings: [...result.warnings, ...warnings] },
    );
    isOnItsWay = true;
    const durable = committed.durable.finally(() => ports.scratch.drop(job));
    // It is told of where it is waited for, which may be later.
    durable.catch(() => undefined);
    if (result.held) {
      const chain = effect.segments.map(segment => segment.block);
      options.held.set(effect.block, { block: effect.block, job, chain, bare: from?.bare ?? bare });
    }
    return { kind: 'stored', trace: committed.trace, durable };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return failed(firstProblem(error), [], { cells: collector.cells() });
  } finally {
    if (!isOnItsWay) ports.scratch.drop(job);
  }
}

function tell(sink: RunSink, { block }: ExecuteEffect, message: FromWorker): void {
  if (message.type === 'replaying')
    sink.emit({ event: 'blockReplayed', block: message.block as BlockId, reader: block });
  if (message.type === 'cellStarted') sink.emit({ event: 'cellStarted', block, cell: message.ordinal });
  if (message.type === 'cellFinished') {
    sink.emit({
      event: 'cellFinished',
      block,
      cell: message.ordinal,
      ok: message.ok,
      seconds: message.seconds,
    });
  }
}

/** Which of the ambient states that it inherited may have mattered to it. */
function ambientUsed({ ambient }: ExecuteEffect, result: JobResult): readonly Dependency[] {
  return result.discoveries.ambientUsed.map(adapter => ({
    kind: 'ambient',
    name: adapter,
    digest: ambient.get(adapter)?.digest ?? null,
  }));
}

/** After a polite interrupt a block that does not stop is killed. */
const GRACE_MILLISECONDS = 5_000;

async function waitFor(
  running: RunningJob,
  timeout: number | undefined,
): Promise<{ readonly end: JobEnd; readonly timedOut: boolean }> {
  if (timeout === undefined) return { end: await running.end, timedOut: false };
  let timedOut = false;
  const stop = setTimeout(() => {
    timedOut = true;
    running.interrupt();
  }, timeout * 1000);
  const kill = setTimeout(() => running.kill(), timeout * 1000 + GRACE_MILLISECONDS);
  const end = await running.end;
  clearTimeout(stop);
  clearTimeout(kill);
  return { end, timedOut };
}
