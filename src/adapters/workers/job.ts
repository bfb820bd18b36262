/** One job's life seen from the engine: waiting for its worker, running, ended. */
import type { Begun, FromWorker, JobSpec, Unfit } from '../../protocol/workerMessages.js';
import type { JobEnd, RunningJob } from '../../engine/runPorts.js';
import type { Peer } from './channel.js';
import { decodeFromWorker } from './decode.js';
import { killGroup } from './pythonProcess.js';

/** How long the report of a worker's exit is waited for after its connection closed. */
const EXIT_REPORT_MILLISECONDS = 2_000;
/** How long the connection of a worker that is gone may stay open: a process it left behind may hold it. */
const LAST_FRAMES_MILLISECONDS = 500;

export class Job implements RunningJob {
  readonly end: Promise<JobEnd>;
  private resolve: (end: JobEnd) => void = () => undefined;
  private peer: Peer | undefined;
  private settled = false;
  private wish: 'none' | 'interrupt' | 'kill' = 'none';
  private protocolFault = '';
  private closed = false;
  private isBegun = false;
  private onClosed: () => void = () => undefined;

  constructor(
    readonly spec: JobSpec,
    private readonly listener: (message: FromWorker) => void,
    /** Its worker leaves without having begun: another one is wanted. */
    private readonly unfit: (message: Unfit) => void,
  ) {
    this.end = new Promise(resolve => {
      this.resolve = resolve;
    });
  }

  get connected(): boolean {
    return this.peer !== undefined;
  }

  get over(): boolean {
    return this.settled;
  }

  /** The worker is here: it gets the job. */
  attach(peer: Peer): void {
    if (this.settled || this.peer !== undefined) {
      peer.close();
      return;
    }
    this.peer = peer;
    peer.onMessage(message => this.receive(peer, message));
    peer.onClose(() => {
      if (this.peer !== peer) return;
      this.closed = true;
      this.onClosed();
      setTimeout(() => {
        if (this.peer === peer) this.died(null, null, this.protocolFault);
      }, EXIT_REPORT_MILLISECONDS).unref();
    });
    if (this.wish === 'kill') killGroup(peer.hello.pid, 'SIGKILL');
    else peer.send(this.spec);
    if (this.wish === 'interrupt') this.interrupt();
  }

  interrupt(): void {
    if (this.wish !== 'kill') this.wish = 'interrupt';
    if (this.peer !== undefined && !this.settled) signal(this.peer.hello.pid, 'SIGINT');
  }

  kill(): void {
    this.wish = 'kill';
    if (this.peer !== undefined && !this.settled) killGroup(this.peer.hello.pid, 'SIGKILL');
  }

  /**
   * Its process ended; counts only if no result came before. What it sent last is taken in first.
   * @param again begins anew with another worker: called instead if this one never took the job, and nobody wants it to
   *   end. Where that can not be known it is over, since nothing may run twice.
   */
  died(code: number | null, exitSignal: string | null, tail: string, again?: () => void): void {
    const { peer } = this;
    const settle = (): void =>
      this.settle({
        kind: 'died',
        code,
        signal: exitSignal,
        tail: this.protocolFault === '' ? tail : this.protocolFault,
      });
    const allIsHeard = (): void => {
      if (again === undefined || this.isBegun || this.wish !== 'none' || this.settled) return settle();
      this.leave();
      again();
    };
    if (peer === undefined) settle();
    else if (this.closed) allIsHeard();
    else {
      this.onClosed = allIsHeard;
      setTimeout(() => {
        if (this.peer === peer) settle();
      }, LAST_FRAMES_MILLISECONDS).unref();
    }
  }

  /** Without a worker again. */
  private leave(): void {
    this.peer = undefined;
    this.closed = false;
    this.onClosed = () => undefined;
  }

  private receive(peer: Peer, message: unknown): void {
    if (this.settled || this.peer !== peer) return;
    let decoded: FromWorker | Unfit | Begun;
    try {
      decoded = decodeFromWorker(message);
    } catch (error) {
      this.protocolFault = error instanceof Error ? error.message : String(error);
      this.kill();
      return;
    }
    if (decoded.type === 'unfit') {
      this.leave();
      this.unfit(decoded);
      return;
    }
    this.isBegun = true;
    if (decoded.type === 'begun') return;
    if (decoded.type !== 'done') {
      this.listener(decoded);
      return;
    }
    // The worker leaves only after this, so that its last frame can not be lost with its process.
    peer.send({ type: 'acknowledge' });
    this.settle({ kind: 'finished', result: decoded });
  }

  private settle(end: JobEnd): void {
    if (this.settled) return;
    this.settled = true;
    this.resolve(end);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already: its end is reported by its connection.
  }
}
