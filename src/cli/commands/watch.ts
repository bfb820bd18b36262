/** `watch`: whenever a notebook, a data file or a module is saved, runs what that affects. */
import { DAG_FILE } from '../../adapters/dagFile/find.js';
import { loadDagFile } from '../../adapters/dagFile/index.js';
import { mayBeServed } from '../../adapters/server/runtimeFolders.js';
import { watchFolders } from '../../adapters/watchFolders.js';
import type { LoadedProject } from '../../daemon/loadProject.js';
import { runProject } from '../../daemon/run.js';
import { foldersOf, NOTHING_SEEN, sightOf, watchedOf } from '../../daemon/seen.js';
import { differences, type Difference } from '../../daemon/verdict.js';
import { ancestorsOf, buildGraph, plan, type PlannedBlock, type RunRequest } from '../../engine/index.js';
import type { BlockNotebook } from '../../engine/notebookPorts.js';
import type { BlockDeclaration } from '../../protocol/dagFile.js';
import type { RunEvent } from '../../protocol/events.js';
import type { BlockId } from '../../protocol/ids.js';
import { orThrow, type Problem, ProblemError } from '../../protocol/problem.js';
import { openGround } from '../ground.js';
import { keepWorkers, type KeptWorkers } from '../keptWorkers.js';
import { openProject, type OpenProject } from '../openProject.js';
import { parametersOf, valuesGiven } from '../parameters.js';
import type { Session } from '../session.js';
import { openScreen, openTelling, type Telling } from '../telling.js';
import { printable } from '../terminal/style.js';
import { tellFailure } from './runTelling.js';

export interface WatchOptions {
  readonly jobs?: number;
  readonly parameter: readonly string[];
}

/** Saving is often several events: write, rename, the notebook's twin of a script. */
const SETTLING_MILLISECONDS = 150;
/** For file systems that tell nothing, and for what no folder tells, such as packages. */
const LOOK_EVERY_MILLISECONDS = 2_000;
const LOOK_WHILE_RUNNING_MILLISECONDS = 500;

const AFFECTED: RunRequest = { target: { kind: 'affected' }, force: false };

export async function watch(session: Session, options: WatchOptions): Promise<number> {
  const watcher = new Watcher(session, options, keepWorkers());
  return watcher.watch();
}

class Watcher {
  private readonly folder: string;
  private readonly folders = watchFolders(() => this.wake());
  private wake: () => void = () => undefined;
  private ended = false;
  private seen = NOTHING_SEEN;
  private running: AbortController | undefined;

  constructor(
    private readonly session: Session,
    private readonly options: WatchOptions,
    private readonly workers: KeptWorkers,
  ) {
    this.folder = session.folder();
  }

  async watch(): Promise<number> {
    const stop = (): void => {
      this.ended = true;
      this.running?.abort();
      this.wake();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    try {
      this.say('watching: notebooks, data files and modules; Ctrl-C ends it');
      await this.cycle([]);
      for (;;) {
        await this.nextHint();
        if (this.ended) return 0;
        const changed = await this.differences();
        if (changed.length === 0) continue;
        if (changed.some(({ kind }) => kind === 'package')) await this.workers.retire();
        await this.cycle(changed);
      }
    } finally {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      this.folders.close();
      await this.workers.retire();
    }
  }

  /** Waits for an event in a followed folder and until no more come, or for the time to look anyway. */
  private async nextHint(): Promise<void> {
    const hint = (milliseconds: number): Promise<'event' | 'time'> =>
      new Promise(settle => {
        const timer = setTimeout(() => settle('time'), milliseconds);
        this.wake = () => {
          clearTimeout(timer);
          settle('event');
        };
      });
    if (this.ended || (await hint(LOOK_EVERY_MILLISECONDS)) === 'time') return;
    while (!this.ended && (await hint(SETTLING_MILLISECONDS)) === 'event');
  }

  private async differences(): Promise<readonly Difference[]> {
    const { store } = await openGround(this.session.around, this.folder);
    return differences(this.seen, store.observer);
  }

  /** Runs what is affected, and again as long as something else became stale meanwhile; then takes note of all it saw. */
  private async cycle(changed: readonly Difference[]): Promise<void> {
    let left = '';
    for (let turn = 0; ; turn += 1) {
      try {
        const project = await this.open();
        try {
          await this.runAffected(project, turn === 0 ? changed : []);
        } finally {
          await project.close();
        }
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        if (changed.length > 0 && turn === 0) this.say(described(changed));
        for (const problem of error.problems) this.session.complain(problem);
      }
      if (this.ended) return;
      const before = left;
      left = await this.look();
      // What stays stale for the same reason after a run will not be put right by another one.
      if (left === '' || left === before) return;
    }
  }

  private async open(): Promise<OpenProject> {
    const ground = await openGround(this.session.around, this.folder);
    return openProject(
      this.session.around,
      ground,
      text => this.say(text),
      pool => this.workers.for(pool),
    );
  }

  private async runAffected(project: OpenProject, changed: readonly Difference[]): Promise<void> {
    const parameters = orThrow(parametersOf(project.dag.dag.parameters, this.options.parameter));
    const planned = orThrow(plan(project.context(await project.load(parameters)), AFFECTED));
    const count = planned.runs.length + planned.mayRun.length;
    if (count === 0 && planned.restored.length === 0) {
      if (changed.length > 0) this.say(`${described(changed)}: nothing is affected`);
      return;
    }
    if (changed.length > 0) this.say(described(changed));
    const loaded = await project.load(parameters);
    const cancel = new AbortController();
    this.running = cancel;
    const obsolete = this.cancelWhenObsolete(project, loaded, cancel);
    const jobs = this.options.jobs ?? this.session.around.cores;
    const tellTo = (telling: Telling) => (event: RunEvent) => {
      telling.emit(event);
      obsolete.take(event);
      if (event.event !== 'blockFailed') return;
      telling.pause();
      tellFailure(this.session, event);
    };
    /** @returns `undefined`: nobody else runs it */
    const elsewhere = async (): Promise<readonly Problem[] | undefined> => {
      if (!mayBeServed(this.session.around.environment)) return undefined;
      const { runThere } = await import('../client/runThere.js');
      const ended = await runThere(this.session, {
        folder: project.folder,
        request: AFFECTED,
        jobs,
        parameters: valuesGiven(parameters, this.options.parameter),
        asked: undefined,
        cancel: cancel.signal,
        accepted: () => undefined,
        emit: tellTo(openScreen(this.session)),
      });
      return ended?.problems;
    };
    const here = async (): Promise<readonly Problem[]> => {
      project.lock('dagpy watch');
      const telling = openTelling(this.session, project.layout.root);
      const sink = { run: telling.run, emit: tellTo(telling) };
      const options = { loaded, request: AFFECTED, jobs, cancel: cancel.signal };
      return (await runProject(project.ports, sink, options)).problems;
    };
    try {
      for (const problem of (await elsewhere()) ?? (await here())) this.session.complain(problem);
    } finally {
      obsolete.end();
      this.running = undefined;
    }
  }

  /** Gives a run up in which a running block, or one above it, was edited: what it would store is of no use any more. */
  private cancelWhenObsolete(project: OpenProject, loaded: LoadedProject, cancel: AbortController) {
    const running = new Set<BlockId>();
    const look = (): void => {
      const changed = cancel.signal.aborted ? [] : edited(project, loaded, [...running]);
      if (changed.length === 0) return;
      this.say(`${changed.map(printable).join(', ')} was edited meanwhile: starting over`);
      cancel.abort();
    };
    const timer = setInterval(look, LOOK_WHILE_RUNNING_MILLISECONDS);
    return {
      take(event: RunEvent): void {
        if (event.event === 'blockStarted') running.add(event.block);
        else if (
          'block' in event &&
          event.block !== undefined &&
          event.event !== 'note' &&
          !event.event.startsWith('cell')
        )
          running.delete(event.block);
      },
      end: () => clearInterval(timer),
    };
  }

  /**
   * Judges once more, for what the answer rests on now, and follows the folders in which that lies.
   * @returns what is stale although it just ran, as a text to be compared; empty: nothing
   */
  private async look(): Promise<string> {
    let stale = '';
    const ground = await openGround(this.session.around, this.folder);
    const { observer, looked } = ground.store;
    let sights = [sightOf(DAG_FILE, observer)];
    try {
      const project = await openProject(
        this.session.around,
        ground,
        () => undefined,
        pool => this.workers.for(pool),
      );
      const { blocks } = project.dag.dag;
      sights = [...sights, ...blocks.map(({ notebook }) => sightOf(notebook, observer))];
      try {
        const parameters = orThrow(parametersOf(project.dag.dag.parameters, this.options.parameter));
        const planned = plan(project.context(await project.load(parameters)), AFFECTED);
        stale = planned.ok ? JSON.stringify(planned.value.runs.filter(isNews)) : '';
        if (stale === '[]') stale = '';
      } finally {
        await project.close();
      }
    } catch (error) {
      // It was told already; whatever could be read is watched.
      if (!(error instanceof ProblemError)) throw error;
    }
    // What looks different by now is found by the next comparison.
    this.seen = watchedOf(sights, looked.seen());
    this.folders.follow(foldersOf(this.folder, this.seen));
    return stale;
  }

  private say(text: string): void {
    const time = new Date().toTimeString().slice(0, 8);
    this.session.note(`${this.session.errorStyle.paint('gray', time)} ${text}`);
  }
}

/** `clean.ipynb changed`, of several the first few. */
function described(changed: readonly Difference[]): string {
  const names = [...new Set(changed.map(({ name }) => printable(name)))];
  const shown = names.slice(0, 3).join(', ');
  return `${shown}${names.length > 3 ? ` and ${String(names.length - 3)} more` : ''} changed`;
}

/** Blocks that fail, and those that run every time, are stale after a run too. */
const isNews = ({ reasons }: PlannedBlock): boolean =>
  reasons.some(({ kind }) => kind !== 'failed' && kind !== 'untracked' && kind !== 'forced');

/** Blocks whose code is another one than a run works on, among those given and above. */
function edited(
  { dag, ports, folder }: OpenProject,
  { blocks }: LoadedProject,
  among: readonly BlockId[],
): readonly BlockId[] {
  const now = loadDagFile(folder);
  // In the middle of an edit, it says nothing yet.
  if (!now.ok) return [];
  const graph = orThrow(buildGraph(dag.dag));
  const above = ancestorsOf(
    graph,
    among.map(id => graph.indexOf.get(id)!),
  );
  return graph.ids.filter((id, index) => {
    if (above[index] !== 1) return false;
    const block = blocks.get(id)!;
    const declaration = now.value.dag.blocks.find(each => each.id === id);
    if (JSON.stringify(plainly(declaration)) !== JSON.stringify(plainly(block.snapshot.declaration)))
      return true;
    const read = ports.notebooks.read(block.snapshot.declaration.notebook);
    return read.ok && codeOf(read.value) !== codeOf(block.notebook);
  });
}

const codeOf = ({ cells }: BlockNotebook): string =>
  JSON.stringify(cells.filter(({ type }) => type === 'code').map(({ source }) => source));

/** What matters of a declaration for a block that runs. */
const plainly = (declaration: BlockDeclaration | undefined): unknown =>
  declaration && {
    ...declaration,
    parents: declaration.parents.map(({ block, use }) => [block, ...(use ?? [])]),
    tags: null,
  };
