/** One job's life seen from the engine: waiting for its worker, running, ended. */
import type { FromWorker, JobSpec, Unfit } from '../../protocol/workerMessages.js';
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
  private isHeard = false;
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

  /**
   * Lets go of a worker that ended before it said a word, so that another one may have the job: no code of the block can
   * have run. Nothing happens if it was heard, or was to end.
   */
  detach(): void {
    if (this.settled || this.isHeard || this.wish === 'kill') return;
    this.peer = undefined;
    this.closed = false;
  }

  interrupt(): void {
    if (this.wish !== 'kill') this.wish = 'interrupt';
    if (this.peer !== undefined && !this.settled) signal(this.peer.hello.pid, 'SIGINT');
  }

  kill(): void {
    this.wish = 'kill';
    if (this.peer !== undefined && !this.settled) killGroup(this.peer.hello.pid, 'SIGKILL');
  }

  /** Its process ended; counts only if no result came before. What it sent last is taken in first. */
  died(code: number | null, exitSignal: string | null, tail: string): void {
    const settle = (): void =>
      this.settle({
        kind: 'died',
        code,
        signal: exitSignal,
        tail: this.protocolFault === '' ? tail : this.protocolFault,
      });
    if (this.peer === undefined || this.closed) {
      settle();
      return;
    }
    this.onClosed = settle;
    setTimeout(settle, LAST_FRAMES_MILLISECONDS).unref();
  }

  private receive(peer: Peer, message: unknown): void {
    if (this.settled || this.peer !== peer) return;
    this.isHeard = true;
    let decoded: FromWorker | Unfit;
    try {
      decoded = decodeFromWorker(message);
    } catch (error) {
      this.protocolFault = error instanceof Error ? error.message : String(error);
      this.kill();
      return;
    }
    if (decoded.type === 'unfit') {
      this.peer = undefined;
      this.unfit(decoded);
      return;
    }
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
