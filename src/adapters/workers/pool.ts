/**
 * Workers of one Python environment: forked by a warm host where that is safe, started on their own elsewhere.
 * Nothing is started before the first job, so a run with nothing to do starts no Python.
 */
import type { AnalysedCell } from '../../protocol/cellFacts.js';
import type { FromWorker, JobSpec } from '../../protocol/workerMessages.js';
import { ProblemError, type Problem } from '../../protocol/problem.js';
import type { RunningJob, Workers } from '../../engine/runPorts.js';
import { openChannel, type Channel, type Peer } from './channel.js';
import { decodeFromHelper, decodeFromHost } from './decode.js';
import { Job } from './job.js';
import { killGroup, startPython, type PythonCommand, type PythonProcess } from './pythonProcess.js';
import { Spare } from './spare.js';

/** A forked worker that says nothing for so long hangs in a lock it inherited. */
const FORK_HANG_MILLISECONDS = 20_000;
/** A host that was told to leave and does not. */
const SHUTDOWN_MILLISECONDS = 2_000;
const HELPERS_TRIED = 2;

export interface PoolOptions {
  readonly command: PythonCommand;
  /** `spawn` never forks: for platforms and tests. */
  readonly start: 'fork' | 'spawn';
}

interface Host {
  readonly process: PythonProcess;
  peer: Peer | undefined;
  /** Messages that wait for its handshake. */
  readonly pending: object[];
}

/** Where a session is kept: not yet here, connected, or gone. */
interface Holder {
  peer: Peer | undefined;
  readonly pending: object[];
}

/** The process that reads code ended before it answered. */
interface HelperDeath {
  readonly how: string;
  readonly tail: string;
}

/** @param outdated called when what its host has imported is not any more what is there: another pool starts faster */
export function createPool(options: PoolOptions, outdated: () => void = () => undefined): Workers {
  return new Pool(options, outdated);
}

class Pool implements Workers {
  private channel: Promise<Channel> | undefined;
  private host: Host | undefined;
  private canFork: boolean;
  private helper: { readonly process: PythonProcess; readonly peer: Promise<Peer> } | undefined;
  private helperWaiting: ((peer: Peer) => void) | undefined;
  private readonly jobs = new Map<string, Job>();
  private readonly holders = new Map<string, Holder>();
  private readonly lone = new Map<string, PythonProcess>();
  private readonly answers = new Map<number, (cells: readonly AnalysedCell[]) => void>();
  private readonly modules = new Set<string>();
  private readonly spare = new Spare();
  private request = 0;
  private processes = 0;
  private forks = 0;
  private closing = false;

  constructor(
    private readonly options: PoolOptions,
    private readonly outdated: () => void,
  ) {
    this.canFork = options.start === 'fork' && process.platform === 'linux';
  }

  preimport(modules: readonly string[]): void {
    const fresh = modules.filter(name => !this.modules.has(name));
    for (const name of fresh) this.modules.add(name);
    if (this.host === undefined || fresh.length === 0) return;
    // It was forked without them.
    this.spare.drop();
    this.toHost(this.host, { type: 'preimport', modules: fresh });
  }

  start(
    spec: JobSpec,
    { bare, from }: { readonly bare: boolean; readonly from?: string },
    listener: (message: FromWorker) => void,
  ): RunningJob {
    const heard = (message: FromWorker): void => {
      listener(message);
      if (message.type === 'cellStarted') this.forkSpare();
    };
    const job = new Job({ ...spec, hold: spec.hold && this.canFork }, heard, ({ why }) => {
      if (why === 'outdated') this.outdated();
      this.launchSoon(job);
    });
    this.jobs.set(spec.job, job);
    void job.end.then(end => {
      this.jobs.delete(spec.job);
      if (end.kind !== 'finished') return;
      if (end.result.held) this.holderOf(spec.job);
      this.forkSpare();
    });
    void this.launch(job, bare, from).catch((error: unknown) => job.died(null, null, String(error)));
    return job;
  }

  /** Reading code changes nothing, so it is tried once more where the helper was killed. */
  async analyse(sources: readonly string[], isToRun = false): Promise<readonly AnalysedCell[]> {
    if (isToRun && this.canFork) {
      const host = this.host ?? this.startHost(await this.open());
      // Imports what every worker needs, so that it is not only started.
      this.toHost(host, { type: 'preimport', modules: [] });
    }
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.ask(sources);
      if (!('how' in answer)) return answer;
      if (attempt === HELPERS_TRIED || this.closing) throw new ProblemError([helperProblem(answer)]);
    }
  }

  private async ask(sources: readonly string[]): Promise<readonly AnalysedCell[] | HelperDeath> {
    const channel = await this.open();
    if (this.helper === undefined) {
      const peer = new Promise<Peer>(resolve => {
        this.helperWaiting = resolve;
      });
      const started = { process: this.spawnPython(channel, 'helper', ''), peer };
      this.helper = started;
      // The next who asks gets another one.
      void started.process.ended.then(() => {
        if (this.helper === started) this.helper = undefined;
      });
    }
    const { process: python, peer } = this.helper;
    const request = ++this.request;
    const answer = new Promise<readonly AnalysedCell[]>(resolve => this.answers.set(request, resolve));
    const ended = python.ended.then(({ code, signal }): HelperDeath => {
      this.answers.delete(request);
      return { how: signal ?? `exit code ${String(code)}`, tail: python.tail() };
    });
    const connected = await Promise.race([peer, ended]);
    if ('how' in connected) return connected;
    connected.send({ type: 'analyse', request, sources });
    return Promise.race([answer, ended]);
  }

  release(job: string): void {
    this.toPeer(this.holders.get(job), { type: 'release' });
  }

  counts(): { readonly processes: number; readonly forks: number } {
    return { processes: this.processes, forks: this.forks };
  }

  async close(): Promise<void> {
    this.closing = true;
    if (this.channel === undefined) return;
    const channel = await this.channel;
    for (const job of this.jobs.values()) job.kill();
    const leaving: PythonProcess[] = [];
    if (this.host !== undefined) {
      const { process: python } = this.host;
      // One that nothing was forked from may still be importing, and has nothing to bring to an end.
      if (this.forks === 0 && python.child.pid !== undefined) killGroup(python.child.pid, 'SIGKILL');
      else this.toHost(this.host, { type: 'shutdown' });
      leaving.push(python);
    }
    if (this.helper !== undefined) {
      void this.helper.peer.then(peer => peer.send({ type: 'shutdown' }));
      leaving.push(this.helper.process);
    }
    leaving.push(...this.lone.values());
    for (const python of leaving) python.child.stdin?.end();
    await Promise.all(leaving.map(python => endWithin(python, SHUTDOWN_MILLISECONDS)));
    channel.close();
  }

  private open(): Promise<Channel> {
    this.channel ??= openChannel().then(channel => {
      channel.onPeer(peer => this.welcome(peer));
      return channel;
    });
    return this.channel;
  }

  private spawnPython(channel: Channel, role: 'host' | 'worker' | 'helper', job: string): PythonProcess {
    this.processes += 1;
    return startPython(this.options.command, channel, role, job);
  }

  private async launch(job: Job, bare: boolean, from?: string): Promise<void> {
    const channel = await this.open();
    const holder = from === undefined ? undefined : this.holders.get(from);
    if (holder !== undefined) return this.toPeer(holder, { type: 'fork', job: job.spec.job });
    if (bare || !this.canFork) {
      this.launchAlone(channel, job);
      return;
    }
    const spare = this.spare.take(job.spec.job);
    if (spare !== undefined) {
      this.forks += 1;
      job.attach(spare);
      return;
    }
    const host = this.host ?? this.startHost(channel);
    this.toHost(host, { type: 'fork', job: job.spec.job });
  }

  /** While a block's own code runs, so that the next job finds one there, and nothing waits for the fork. */
  private forkSpare(): void {
    if (this.host?.peer === undefined || !this.canFork || this.closing) return;
    const name = this.spare.ask();
    if (name !== undefined) this.toHost(this.host, { type: 'fork', job: name });
  }

  private launchSoon(job: Job): void {
    void this.open().then(channel => this.launchAlone(channel, job));
  }

  private launchAlone(channel: Channel, job: Job): void {
    if (job.over || job.connected) return;
    const python = this.spawnPython(channel, 'worker', job.spec.job);
    this.lone.set(job.spec.job, python);
    void python.ended.then(({ code, signal }) => {
      this.lone.delete(job.spec.job);
      job.died(code, signal, python.tail());
    });
  }

  private startHost(channel: Channel): Host {
    const host: Host = { process: this.spawnPython(channel, 'host', ''), peer: undefined, pending: [] };
    this.host = host;
    if (this.modules.size > 0) this.toHost(host, { type: 'preimport', modules: [...this.modules] });
    void host.process.ended.then(() => this.hostEnded(channel, host));
    return host;
  }

  /** Jobs whose worker never came go on in processes of their own; the others died with the host. */
  private hostEnded(channel: Channel, host: Host): void {
    if (this.host === host) this.host = undefined;
    this.spare.drop();
    if (this.closing) return;
    this.canFork = false;
    for (const job of this.jobs.values()) {
      if (job.connected) job.died(null, null, host.process.tail());
      else if (!this.lone.has(job.spec.job)) this.launchAlone(channel, job);
    }
  }

  private toHost(host: Host, message: object): void {
    this.toPeer(host, message);
  }

  private toPeer(end: Holder | undefined, message: object): void {
    if (end?.peer === undefined) end?.pending.push(message);
    else end.peer.send(message);
  }

  /** It says hello on a connection of its own, before or after its job's end is known. */
  private holderOf(job: string): Holder {
    const known = this.holders.get(job);
    if (known !== undefined) return known;
    const holder: Holder = { peer: undefined, pending: [] };
    this.holders.set(job, holder);
    return holder;
  }

  private welcome(peer: Peer): void {
    switch (peer.hello.role) {
      case 'worker': {
        const job = this.jobs.get(peer.hello.job);
        if (this.spare.welcome(peer)) return;
        if (job === undefined) peer.close();
        else job.attach(peer);
        return;
      }
      case 'holder': {
        const holder = this.holderOf(peer.hello.job);
        holder.peer = peer;
        peer.onMessage(message => this.fromHost(() => '', message));
        peer.onClose(() => this.holders.delete(peer.hello.job));
        for (const waiting of holder.pending.splice(0)) peer.send(waiting);
        return;
      }
      case 'helper':
        peer.onMessage(message => {
          const { request, cells } = decodeFromHelper(message);
          this.answers.get(request)?.(cells);
          this.answers.delete(request);
        });
        this.helperWaiting?.(peer);
        return;
      case 'host': {
        const host = this.host;
        if (host === undefined || host.process.child.pid !== peer.hello.pid) {
          peer.close();
          return;
        }
        host.peer = peer;
        peer.onMessage(message => this.fromHost(host.process.tail, message));
        for (const waiting of host.pending.splice(0)) peer.send(waiting);
        return;
      }
    }
  }

  private fromHost(tail: () => string, message: unknown): void {
    const decoded = decodeFromHost(message);
    switch (decoded.type) {
      case 'ready':
        if (!decoded.forkSafe) this.canFork = false;
        return;
      case 'forked':
        // It counts when a job takes it.
        if (this.spare.isOne(decoded.job)) return;
        this.forks += 1;
        this.watchForHang(decoded.job, decoded.pid);
        return;
      case 'refused': {
        const job = this.jobs.get(decoded.job);
        this.canFork = false;
        if (job !== undefined) this.launchSoon(job);
        return;
      }
      case 'exited': {
        const cause = decoded.signal === null ? null : signalName(decoded.signal);
        const id = this.spare.jobOf(decoded.job);
        const job = this.jobs.get(id);
        this.spare.ended(decoded.job);
        // One that was started on its own may have the job by now.
        if (job === undefined || this.lone.has(id)) return;
        // It ended before it said a word: the fork is to blame, not the block.
        const again = (): void => this.launchSoon(job);
        if (job.connected) job.died(decoded.code, cause, tail(), again);
        else again();
        return;
      }
    }
  }

  private watchForHang(id: string, pid: number): void {
    setTimeout(() => {
      const job = this.jobs.get(id);
      if (job === undefined || job.connected || this.lone.has(id)) return;
      killGroup(pid, 'SIGKILL');
      this.canFork = false;
      this.launchSoon(job);
    }, FORK_HANG_MILLISECONDS).unref();
  }
}

function helperProblem({ how, tail }: HelperDeath): Problem {
  const said = tail.split('\n').at(-1)?.trim() ?? '';
  return {
    code: 'helper-died',
    message: `the process that reads code ended (${how})${said === '' ? '' : `: ${said}`}`,
    remedy:
      'look with `dagpy doctor` whether the Python of the kernel works and memory is left, then run again; nothing was changed',
  };
}

async function endWithin(python: PythonProcess, milliseconds: number): Promise<void> {
  const timer = setTimeout(() => {
    if (python.child.pid !== undefined) killGroup(python.child.pid, 'SIGKILL');
  }, milliseconds);
  await python.ended;
  clearTimeout(timer);
}

function signalName(number: number): string {
  const names: Readonly<Record<number, string>> = {
    2: 'SIGINT',
    6: 'SIGABRT',
    7: 'SIGBUS',
    9: 'SIGKILL',
    11: 'SIGSEGV',
    15: 'SIGTERM',
  };
  return names[number] ?? `signal ${String(number)}`;
}
